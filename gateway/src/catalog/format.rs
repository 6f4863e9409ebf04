//! The two text formats of the contract: email addresses and points in time.

/// Whether the text is an email address as far as that can be told without sending mail.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "@()<>[]\\,;:\"".contains(c);
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && !text.replacen('@', "", 1).contains(forbidden)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

/// Whether the text is a calendar date, or an RFC 3339 time with its offset.
pub fn is_date_time(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    is_date(date) && time.is_none_or(is_time_with_offset)
}

/// A `+` in a query string means a space, so `…T10:00:00+02:00` sent unescaped arrives with one: put it back.
pub fn restore_plus(text: &str) -> String {
    match text.rsplit_once(' ') {
        Some((start, offset)) if offset.len() == 5 => format!("{start}+{offset}"),
        _ => text.to_owned(),
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    year >= 1 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month)
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

fn is_time_with_offset(text: &str) -> bool {
    let Some(offset_at) = text.find(['Z', 'z', '+', '-']) else {
        return false;
    };
    let (time, offset) = text.split_at(offset_at);
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (time, None),
    };
    let clock: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = clock[..] else {
        return false;
    };
    let below = |text: &str, limit: u32| number(text, 2).is_some_and(|n| n < limit);
    let fraction_ok = fraction
        .is_none_or(|f| (1..=30).contains(&f.len()) && f.bytes().all(|b| b.is_ascii_digit()));
    let offset_ok = matches!(offset, "Z" | "z")
        || offset[1..]
            .split_once(':')
            .is_some_and(|(h, m)| below(h, 16) && below(m, 60));
    below(hour, 24) && below(minute, 60) && below(second, 61) && fraction_ok && offset_ok
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        for good in [
            "a@b.co",
            "first.last+tag@sub.example.com",
            "!#$%&'*/=?^_`{|}~@example.org",
            "ü@bücher.example",
        ] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@example.com", "x".repeat(65));
        for bad in [
            "",
            "a",
            "@b.co",
            "a@",
            "a@b",
            "a@b..co",
            "a b@c.de",
            "a@b@c.de",
            "a@-b.co",
            "a\n@b.co",
            "<a@b.co>",
            long.as_str(),
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn times_and_dates() {
        for good in [
            "2024-02-29",
            "2024-01-15T10:00:00Z",
            "2024-01-15t10:00:00.123456z",
            "2024-01-15T23:59:60+05:30",
            "2024-01-15T10:00:00-08:00",
        ] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "",
            "yesterday",
            "2023-02-29",
            "2024-13-01",
            "2024-1-1",
            "0000-01-01",
            "2024-01-15T10:00:00",
            "2024-01-15T24:00:00Z",
            "2024-01-15T10:00Z",
            "2024-01-15T10:00:00+0200",
            "2024-01-15T10:00:00+é",
            "2024-01-15T10:00:00.Z",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn an_unescaped_offset_is_understood() {
        assert!(is_date_time(&restore_plus("2024-01-15T10:00:00 02:00")));
        assert_eq!(restore_plus("2024-01-15"), "2024-01-15");
    }
}
