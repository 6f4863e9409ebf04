//! Times as providers write them.

use crate::story::DAY;

/// Unix seconds and a part of a second as `2026-01-09T10:00:00.000000Z`.
pub fn iso(at: i64, micros: usize) -> String {
    let (days, rest) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    // Days since 1970 to a date, by eras of 400 years that begin in March.
    let z = days + 719_468;
    let (era, day) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let year = year + era * 400 + carry;
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[test]
fn writes_dates() {
    assert_eq!(iso(1_767_225_600, 0), "2026-01-01T00:00:00.000000Z");
    assert_eq!(iso(1_709_251_199, 7), "2024-02-29T23:59:59.000007Z");
}
