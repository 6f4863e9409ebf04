//! Which column of a file is what. Names are compared in lower case with everything else as one underscore, so that
//! `Affiliate Email` is `affiliate_email`; beside the documented names go those that Rewardful's files and API use.

use serde_json::{Map, Value};

/// What the lines of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Affiliates,
    Referrals,
    Conversions,
}

impl Kind {
    /// The SQL function that imports them.
    pub fn function(self) -> &'static str {
        match self {
            Self::Affiliates => "import_affiliates",
            Self::Referrals => "import_referrals",
            Self::Conversions => "import_conversions",
        }
    }

    fn aliases(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Affiliates => AFFILIATES,
            Self::Referrals => REFERRALS,
            Self::Conversions => CONVERSIONS,
        }
    }

    fn required(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Affiliates => &[&["email"]],
            Self::Referrals => &[&["email", "customer_key"]],
            Self::Conversions => &[&["occurred_at"], &["base_value", "value"]],
        }
    }
}

type Aliases = &'static [(&'static str, &'static [&'static str])];

const AFFILIATES: Aliases = &[
    ("email", &["affiliate_email", "email_address"]),
    (
        "referral_code",
        &["token", "link_token", "links_token", "code", "coupon"],
    ),
    ("partner_slug", &[]),
    ("status", &["state"]),
    (
        "created_at",
        &[
            "joined_at",
            "created",
            "date_joined",
            "signed_up_at",
            "confirmed_at",
        ],
    ),
    ("first_name", &["affiliate_first_name"]),
    ("last_name", &["affiliate_last_name"]),
    ("paypal_email", &["affiliate_paypal_email"]),
    ("wise_email", &["affiliate_wise_email"]),
];

const AFFILIATE: [(&str, &[&str]); 3] = [
    ("affiliate_id", &[]),
    (
        "affiliate_email",
        &[
            "affiliate",
            "referral_affiliate_email",
            "sale_affiliate_email",
            "sale_referral_affiliate_email",
        ],
    ),
    (
        "referral_code",
        &["affiliate_token", "token", "link_token", "via"],
    ),
];

const REFERRALS: Aliases = &[
    (
        "email",
        &["customer_email", "referral_email", "referred_email"],
    ),
    (
        "customer_key",
        &[
            "stripe_customer_id",
            "customer_id",
            "imported_id",
            "customer_platform_id",
        ],
    ),
    (
        "status",
        &["conversion_state", "state", "conversion_status"],
    ),
    (
        "created_at",
        &["became_lead_at", "created", "signed_up_at", "date"],
    ),
    AFFILIATE[0],
    AFFILIATE[1],
    AFFILIATE[2],
];

const CONVERSIONS: Aliases = &[
    (
        "occurred_at",
        &[
            "sale_charged_at",
            "charged_at",
            "sale_invoiced_at",
            "sale_date",
            "sale_created_at",
            "date",
            "created_at",
        ],
    ),
    (
        "base_value",
        &[
            "sale_sale_amount",
            "sale_amount",
            "amount_of_sale",
            "sale_charge_amount",
            "charge_amount",
        ],
    ),
    ("currency", &["sale_currency", "base_value_currency"]),
    ("value", &["commission", "commission_amount", "amount"]),
    (
        "email",
        &[
            "customer_email",
            "referral_customer_email",
            "sale_referral_customer_email",
            "referral_email",
        ],
    ),
    (
        "customer_key",
        &[
            "stripe_customer_id",
            "customer_id",
            "sale_referral_stripe_customer_id",
            "sale_referral_customer_id",
        ],
    ),
    ("type", &["conversion_type"]),
    ("paid", &["paid_at", "commission_paid_at", "is_paid"]),
    (
        "refunded",
        &["sale_refund_amount", "refund_amount", "refunded_amount"],
    ),
    ("reference", &["order_id", "commission_id"]),
    ("coupon_code_used", &["coupon", "coupon_code"]),
    ("provider", &[]),
    (
        "sale_key",
        &[
            "sale_stripe_charge_id",
            "stripe_charge_id",
            "charge_id",
            "sale_id",
            "id",
        ],
    ),
    ("state", &["status", "commission_state"]),
    AFFILIATE[0],
    AFFILIATE[1],
    AFFILIATE[2],
];

/// What becomes of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target {
    name: &'static str,
    /// Amounts in cents rather than decimals.
    cents: bool,
    /// Whether the file calls it by its documented name, or how far down the list of others.
    rank: usize,
}

/// The columns of a file that mean something, by their place in a line; the best-named first.
#[derive(Debug)]
pub(super) struct Columns {
    kind: Kind,
    targets: Vec<(usize, Target)>,
}

/// Reads the header.
///
/// # Errors
/// When a column is missing that is needed, or is there twice, in words for the user.
pub(super) fn of(kind: Kind, header: &[String]) -> Result<Columns, String> {
    // Where referred people come with an account to be paid to, it is their affiliate's, and so is the email beside it.
    let of_affiliate = kind == Kind::Referrals
        && header
            .iter()
            .any(|name| ["paypal_email", "wise_email"].contains(&fold(name).as_str()));
    let targets = header.iter().map(|name| match fold(name).as_str() {
        "email" if of_affiliate => target(kind, "affiliate_email"),
        _ => target(kind, name),
    });
    let mut targets: Vec<(usize, Target)> = targets
        .enumerate()
        .filter_map(|(n, target)| Some((n, target?)))
        .collect();
    targets.sort_by_key(|(_, target)| target.rank);
    for (at, (n, target)) in targets.iter().enumerate() {
        if let Some((first, _)) = targets[..at].iter().find(|(_, other)| other == target) {
            return Err(format!(
                "the file has two columns \"{}\" and \"{}\": which one counts?",
                header[*first], header[*n]
            ));
        }
    }
    let has = |name: &&str| targets.iter().any(|(_, target)| target.name == *name);
    for needed in kind.required() {
        if !needed.iter().any(has) {
            return Err(format!(
                "the file has no column {}: it has {}",
                needed.join(" or "),
                header.join(", ")
            ));
        }
    }
    Ok(Columns { kind, targets })
}

fn target(kind: Kind, header: &str) -> Option<Target> {
    let folded = fold(header);
    let (name, cents) = match folded.strip_suffix("_cents") {
        Some(name) => (name, true),
        None => (folded.as_str(), false),
    };
    kind.aliases().iter().find_map(|(documented, others)| {
        let rank = if name == *documented {
            0
        } else {
            1 + others.iter().position(|other| *other == name)?
        };
        Some(Target {
            name: documented,
            cents,
            rank,
        })
    })
}

fn fold(header: &str) -> String {
    let words = header
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_ascii_lowercase()
}

impl Columns {
    /// A line as an object of the documented names. Empty fields are left out; of several for one thing the best-named counts.
    pub fn object(&self, fields: &[String]) -> Map<String, Value> {
        let mut object = Map::new();
        for (n, target) in &self.targets {
            let field = fields.get(*n).map_or("", |field| field.trim());
            if field.is_empty() || object.contains_key(target.name) {
                continue;
            }
            let text = if target.cents {
                format!("{field}c")
            } else {
                field.to_owned()
            };
            object.insert(target.name.to_owned(), Value::String(text));
        }
        if self.kind == Kind::Conversions {
            settle_state(&mut object);
        }
        object
    }
}

/// `paid` may be a flag, or the time at which it was paid; a state says it too. A voided commission is worth nothing.
fn settle_state(object: &mut Map<String, Value>) {
    let state = object.remove("state");
    let state = state
        .as_ref()
        .and_then(Value::as_str)
        .map(str::to_ascii_lowercase);
    let paid = object.remove("paid");
    let paid = paid
        .as_ref()
        .and_then(Value::as_str)
        .map(str::to_ascii_lowercase);
    let paid = match paid.as_deref() {
        None => state.as_deref() == Some("paid"),
        Some("false" | "no" | "0" | "f" | "unpaid") => false,
        Some(_) => true,
    };
    object.insert("paid".to_owned(), Value::String(paid.to_string()));
    if state.as_deref() == Some("voided") {
        object.insert("value".to_owned(), Value::String("0".to_owned()));
    }
}

#[cfg(test)]
mod tests;
