//! The TLS part of a connection string. The driver knows three of libpq's modes and no certificate options, so those
//! are taken out here and the rest is left to the driver.

use std::path::PathBuf;

use super::DbError;
use super::tls::{Tls, TlsMode};

/// A connection string without its TLS options, and those.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ConnectionString {
    pub rest: String,
    pub tls: Tls,
}

impl ConnectionString {
    pub fn parse(text: &str) -> Result<Self, DbError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DbError::NoUrl);
        }
        let mut tls = Tls::default();
        let is_url = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        let rest = if is_url {
            strip_query(text, &mut tls)?
        } else {
            strip_pairs(text, &mut tls)?
        };
        Ok(Self { rest, tls })
    }
}

/// Whether the option was one of ours.
fn take(tls: &mut Tls, key: &str, value: &str) -> Result<bool, DbError> {
    match key {
        "sslmode" => tls.mode = TlsMode::parse(value)?,
        "sslrootcert" if value == "system" => tls.mode = TlsMode::VerifyFull,
        "sslrootcert" => tls.root_cert = Some(PathBuf::from(value)),
        _ => return Ok(false),
    }
    Ok(true)
}

fn strip_query(text: &str, tls: &mut Tls) -> Result<String, DbError> {
    // As the driver reads it: what is before the first @ is user and password, a question mark in them included. Where that is not
    // what was meant, a part of a password would be taken for a host, and shown.
    let start = text.find('@').unwrap_or_default();
    let login = text[..start].split_once("://").map_or("", |(_, rest)| rest);
    let place = &text[start..].split('?').next().unwrap_or_default();
    if login.contains('/') || place.matches('@').count() > 1 {
        return Err(DbError::Url(
            "in a user name or a password, @ is written %40 and / is written %2F".to_owned(),
        ));
    }
    let Some(query) = text[start..].find('?').map(|found| start + found) else {
        return Ok(text.to_owned());
    };
    let (base, query) = (&text[..query], &text[query + 1..]);
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !take(tls, key, &percent_decode(value)?)? {
            kept.push(pair);
        }
    }
    let separator = if kept.is_empty() { "" } else { "?" };
    Ok(format!("{base}{separator}{}", kept.join("&")))
}

fn percent_decode(text: &str) -> Result<String, DbError> {
    let invalid =
        || DbError::Url("a percent sign must be followed by two hexadecimal digits".to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [
                rest.next().ok_or_else(invalid)?,
                rest.next().ok_or_else(invalid)?,
            ];
            let mut decoded = [0];
            hex::decode_to_slice(digits, &mut decoded).map_err(|_| invalid())?;
            bytes.extend(decoded);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| invalid())
}

/// `key = value` pairs, where a value may be in single quotes and a backslash hides the character after it.
fn strip_pairs(text: &str, tls: &mut Tls) -> Result<String, DbError> {
    let mut kept = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some((key, after)) = rest.split_once('=') else {
            return Err(DbError::Url(
                "expected postgres://… or key=value pairs".to_owned(),
            ));
        };
        let after = after.trim_start();
        let (value, length) = pair_value(after);
        if !take(tls, key.trim(), &value)? {
            kept.push(format!("{}={}", key.trim(), &after[..length]));
        }
        rest = after[length..].trim_start();
    }
    Ok(kept.join(" "))
}

/// The value at the start of `text` and the bytes it takes there.
fn pair_value(text: &str) -> (String, usize) {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut hidden = false;
    for (offset, character) in text.char_indices().skip(usize::from(quoted)) {
        match character {
            _ if hidden => hidden = false,
            '\\' => {
                hidden = true;
                continue;
            }
            '\'' if quoted => return (value, offset + 1),
            _ if !quoted && character.is_whitespace() => return (value, offset),
            _ => {}
        }
        value.push(character);
    }
    (value, text.len())
}
