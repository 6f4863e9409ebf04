//! Which column of a file is what. Names are compared by their letters and digits alone, in lower case, so that
//! `Affiliate E-Mail` is `affiliate_email`; beside the documented names go those that Rewardful's files and API use.

mod names;

use serde_json::{Map, Value};

use names::{AFFILIATES, Aliases, CONVERSIONS, REFERRALS};

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

    fn aliases(self) -> Aliases {
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

const AMOUNTS: [&str; 3] = ["base_value", "value", "refunded"];

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
    decimal_comma: bool,
    targets: Vec<(usize, Target)>,
}

/// Reads the header of a file in which decimals may have a comma.
///
/// # Errors
/// When a column is missing that is needed, or is there twice, in words for the user.
pub(super) fn of(kind: Kind, header: &[String], decimal_comma: bool) -> Result<Columns, String> {
    // Where referred people come with an account to be paid to, it is their affiliate's, and so is the email beside it.
    let of_affiliate = kind == Kind::Referrals
        && header
            .iter()
            .any(|name| ["paypalemail", "wiseemail"].contains(&fold(name).as_str()));
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
    Ok(Columns {
        kind,
        decimal_comma,
        targets,
    })
}

fn target(kind: Kind, header: &str) -> Option<Target> {
    let folded = fold(header);
    let (name, cents) = match folded.strip_suffix("cents") {
        Some(name) => (name, true),
        None => (folded.as_str(), false),
    };
    kind.aliases().iter().find_map(|(documented, others)| {
        let rank = if name == fold(documented) {
            0
        } else {
            1 + others.iter().position(|other| fold(other) == name)?
        };
        Some(Target {
            name: documented,
            cents,
            rank,
        })
    })
}

fn fold(header: &str) -> String {
    let letters = header.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_ascii_lowercase()
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
            } else if self.decimal_comma && AMOUNTS.contains(&target.name) {
                with_point(field)
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

/// Whether it begins with a day: 2024-05-01, and not the 0000-00-00 of databases that mean none.
fn is_time(text: &str) -> bool {
    let day = text.get(..10).unwrap_or_default();
    let parts: Vec<u32> = day
        .split('-')
        .filter_map(|part| part.parse().ok())
        .collect();
    matches!(parts[..], [1900..=9999, 1..=12, 1..=31]) && day.len() == 10
}

/// 1.234,56 as 1234.56; anything else as it is, but for 1.234, which could be either.
fn with_point(amount: &str) -> String {
    let amount_only = amount.trim_start_matches(['$', '€', '£']);
    let sign = &amount[..amount.len() - amount_only.len()];
    let amount = amount_only;
    let is_decimal = |(whole, cents): (&str, &str)| {
        let mut groups = whole.split('.');
        let first = groups.next().unwrap_or_default();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits(cents) && digits(first) && groups.all(|group| group.len() == 3 && digits(group))
    };
    let three = |(_, decimals): (&str, &str)| decimals.len() == 3;
    match amount.split_once(',') {
        Some(parts) if is_decimal(parts) => {
            sign.to_owned() + &amount.replace('.', "").replace(',', ".")
        }
        None if amount.split_once('.').is_some_and(three) => {
            format!("{sign}{amount} (thousands or decimals?)")
        }
        _ => format!("{sign}{amount}"),
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
        None if state.as_deref() == Some("paid") => "true",
        None | Some("false" | "no" | "n" | "0" | "f" | "unpaid") => "false",
        Some("true" | "yes" | "y" | "1" | "t" | "paid") => "true",
        Some(time) if is_time(time) => "true",
        // The database says what would be right.
        Some(other) => other,
    };
    object.insert("paid".to_owned(), Value::String(paid.to_owned()));
    if state.as_deref() == Some("voided") {
        object.insert("value".to_owned(), Value::String("0".to_owned()));
    }
}

#[cfg(test)]
mod tests;
