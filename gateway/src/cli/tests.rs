use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_commands_are_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn every_documented_form_parses() {
    for line in [
        "affiliate project create --name N --currency EUR --hold-days 14 --commission-percent 25",
        "affiliate project create --name N --commission-fixed 10.00 --json",
        "affiliate project set --project 1 hold_days=14 currency=EUR",
        "affiliate key create --project 1 --rate-limit 5 --scope read --name CI",
        "affiliate --json key list --project 1",
        "affiliate key revoke --project 1 7",
        "affiliate provider set --project 1 stripe --webhook-secret whsec_a --secret-key sk_b --api-base http://localhost:1",
        "affiliate provider set --project 1 paddle --webhook-secret p --environment live --overlap-hours 0",
        "affiliate provider list --project 1",
        "affiliate event list --project 1 --status parked --provider stripe --type invoice.paid --limit 10",
        "affiliate event list --project 1 --outcome applied",
        "affiliate event show --project 1 7",
        "affiliate --json event replay --project 1 7",
        "affiliate webhook add --project 1 --url http://localhost:1/x --events a,b --secret s",
        "affiliate payout create --project 1 --affiliates 1,2 --requested --reference 2026-03 --note N",
        "affiliate payout list --project 1 --limit 5",
        "affiliate payout show --project 1 3",
        "affiliate payout export --project 1 3 --format paypal --part 2 --decimal-comma",
        "affiliate payout confirm --project 1 7 --transaction-id T",
        "affiliate payout confirm --project 1 --batch 3",
        "affiliate payout fail --project 1 7 --reason R",
        "affiliate payout cancel --project 1 --batch 3 --reason R",
        "affiliate payout requests --project 1 --status pending --limit 5",
        "affiliate payout decide --project 1 4 approved --reason R",
        "affiliate payout preferences --project 1 a@example.com method=paypal paypal_email=a@example.com",
        "affiliate migrate --profile native --print",
        "affiliate serve --listen 0.0.0.0:80 --no-migrate",
        "affiliate dev",
        "affiliate verify --project 1 --database-url postgres://localhost/x",
    ] {
        assert!(
            parse(line).is_ok(),
            "{line}: {}",
            parse(line).expect_err("wrong")
        );
    }
}

#[test]
fn wrong_usage_is_refused() {
    for line in [
        "affiliate",
        "affiliate project create",
        "affiliate project create --name N --commission-percent 1 --commission-fixed 1",
        "affiliate project set --project 1",
        "affiliate project set --project x hold_days=1",
        "affiliate project set --project 1 hold_days",
        "affiliate key revoke --project 1",
        "affiliate payout export --project 1 3",
        "affiliate payout confirm --project 1",
        "affiliate payout confirm --project 1 7 --batch 3",
        "affiliate payout confirm --project 1 --batch 3 --transaction-id T",
        "affiliate migrate --profile other",
        "affiliate serve --listen nowhere",
    ] {
        assert_eq!(
            parse(line).map(|_| ()).map_err(|error| error.exit_code()),
            Err(2),
            "{line}"
        );
    }
}
