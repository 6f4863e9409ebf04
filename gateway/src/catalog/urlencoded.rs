//! Percent-decoding that refuses what it does not understand instead of passing it on.

/// What a `+` stands for: itself in a path, a space in a query.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Plus {
    /// In a path.
    Literal,
    /// In a query string.
    Space,
}

/// Decodes one path segment or one name or value of a query; the error says what is wrong with it.
pub fn decode(text: &str, plus: Plus) -> Result<String, String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let pair = (bytes.next().and_then(hex_digit), bytes.next().and_then(hex_digit));
                let (Some(high), Some(low)) = pair else {
                    return Err("holds a % that two hexadecimal digits do not follow (a percent sign itself is %25)".to_owned());
                };
                high << 4 | low
            }
            b'+' if plus == Plus::Space => b' ',
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| "is not valid UTF-8 after percent-decoding".to_owned())
}

/// The names and values of a query string, in order.
pub fn parse_query(query: &str) -> Result<Vec<(String, String)>, String> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if name.is_empty() {
                return Err("holds a value without a name".to_owned());
            }
            Ok((decode(name, Plus::Space)?, decode(value, Plus::Space)?))
        })
        .collect()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_plus_in_a_path_and_a_space_in_a_query() {
        assert_eq!(
            decode("a+b%40c.de", Plus::Literal),
            Ok("a+b@c.de".to_owned())
        );
        assert_eq!(decode("a+b%2Bc", Plus::Space), Ok("a b+c".to_owned()));
    }

    #[test]
    fn broken_encodings_are_refused() {
        for bad in ["%", "%4", "%zz", "%ff", "%+1"] {
            assert!(decode(bad, Plus::Literal).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_needs_a_name() {
        assert!(parse_query("a=1&=2").is_err());
        assert_eq!(parse_query("&&").map(|pairs| pairs.len()), Ok(0));
    }

    #[test]
    fn queries_keep_order_and_duplicates() {
        let pairs = parse_query("a=1&&b&a=%32").expect("a value");
        let expected =
            [("a", "1"), ("b", ""), ("a", "2")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(pairs, expected);
    }
}
