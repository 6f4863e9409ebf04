//! Comparing decimal numbers by their text, exactly and whatever their length.

use std::cmp::Ordering;

/// The largest integer that every JSON reader holds exactly.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A number written as JSON writes one: `0.digits * 10^exponent`, digits without zeros at either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Reads a JSON number; anything else (a leading `+` or zero, spaces, words) is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || (whole.len() > 1 && whole.starts_with('0'))
            || !all_digits(whole)
            || !all_digits(fraction)
        {
            return None;
        }
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = digits.iter().take_while(|d| **d == b'0').count();
        let trailing = digits[leading..]
            .iter()
            .rev()
            .take_while(|d| **d == b'0')
            .count();
        let significant = digits[leading..digits.len() - trailing].to_vec();
        if significant.is_empty() {
            return Some(Self {
                negative: false,
                digits: significant,
                exponent: 0,
            });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self {
            negative,
            digits: significant,
            exponent: exponent.saturating_add(point),
        })
    }

    /// The value as an integer that every JSON reader holds exactly; `None` for any other number.
    pub fn safe_integer(&self) -> Option<i64> {
        let length = usize::try_from(self.exponent).ok()?;
        if length > 16 || self.digits.len() > length {
            return None;
        }
        let padded = (0..length).map(|i| self.digits.get(i).map_or(0, |d| i64::from(d - b'0')));
        let magnitude = padded.fold(0, |value, digit| value * 10 + digit);
        (magnitude <= MAX_SAFE_INTEGER).then_some(if self.negative {
            -magnitude
        } else {
            magnitude
        })
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self
                .exponent
                .cmp(&other.exponent)
                .then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

/// An exponent of any length; beyond what fits it only matters that it is huge.
fn parse_exponent(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let magnitude = unsigned
        .parse::<i64>()
        .unwrap_or(i64::MAX / 2)
        .min(i64::MAX / 2);
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect(text)
    }

    #[test]
    fn orders_as_numbers_do() {
        let ascending = [
            "-1e30",
            "-10",
            "-9.99",
            "-0.001",
            "0",
            "0.00100000000000000000001",
            "0.01",
            "9",
            "10",
            "10.5",
            "1e3",
            "1e999999999999999999999",
        ];
        for pair in ascending.windows(2) {
            assert!(decimal(pair[0]) < decimal(pair[1]), "{pair:?}");
        }
        assert_eq!(decimal("100"), decimal("1.00e2"));
        assert_eq!(decimal("-0.0"), decimal("0"));
    }

    #[test]
    fn only_json_numbers_are_numbers() {
        for bad in [
            "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x10", "1 ", "NaN", "١", "1_000",
        ] {
            assert_eq!(Decimal::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn integers_are_exact_up_to_two_to_the_53() {
        assert_eq!(
            decimal("9007199254740991").safe_integer(),
            Some(MAX_SAFE_INTEGER)
        );
        assert_eq!(decimal("9007199254740992").safe_integer(), None);
        assert_eq!(decimal("-5.00").safe_integer(), Some(-5));
        assert_eq!(decimal("1e3").safe_integer(), Some(1000));
        assert_eq!(decimal("0").safe_integer(), Some(0));
        assert_eq!(decimal("0.5").safe_integer(), None);
        assert_eq!(decimal("1e400").safe_integer(), None);
    }
}
