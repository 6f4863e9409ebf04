//! Where requests may go. Project owners choose the address, so it must not lead into the operator's own network: what
//! counts is the address that is dialled, whatever the name resolves to at that moment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Why a target is not sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("the URL must use https")]
    NotHttps,
    #[error("the URL must be an http or https URL with a host")]
    NotHttp,
    #[error("the URL leads to an address that is not public")]
    NotPublic,
    #[error("the host of the URL has no address")]
    NoAddress,
}

/// What the operator allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    /// This machine.
    pub(super) allow_loopback: bool,
    /// Every address that is not public.
    pub(super) allow_private: bool,
    pub(super) allow_http: bool,
}

impl Policy {
    /// Checks what the URL itself tells; names are checked when they are resolved.
    pub(super) fn check(self, url: &Url) -> Result<(), TargetError> {
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            "http" => return Err(TargetError::NotHttps),
            _ => return Err(TargetError::NotHttp),
        }
        // The parser has turned every spelling of an IPv4 address, hexadecimal and octal too, into the address.
        let address = match url.host().ok_or(TargetError::NotHttp)? {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
        };
        if self.permits(address) {
            Ok(())
        } else {
            Err(TargetError::NotPublic)
        }
    }

    pub(super) fn permits(self, address: IpAddr) -> bool {
        self.allow_private
            || is_public(address)
            || (self.allow_loopback && address.to_canonical().is_loopback())
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Everything but the special-purpose registry of IANA.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)))
}

/// Global unicast without its special parts; addresses that carry an IPv4 address are judged by that.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(translated) = translated_v4(address) {
        return is_public_v4(translated);
    }
    let [a, b, ..] = address.segments();
    let global_unicast = a & 0xe000 == 0x2000;
    let protocol_assignments = a == 0x2001 && b < 0x0200;
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    let tunnel = tunnelled_v4(address).is_none_or(is_public_v4);
    global_unicast && !protocol_assignments && !documentation && tunnel
}

/// The IPv4 address that an IPv4-mapped, NAT64 or 6to4 address stands for.
fn translated_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// The IPv4 address at the far end of an ISATAP address, whose prefix may be anybody's.
fn tunnelled_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(v4(high, low)),
        _ => None,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, allow_private: bool, allow_http: bool) -> Result<(), TargetError> {
        Policy {
            allow_loopback: false,
            allow_private,
            allow_http,
        }
        .check(&Url::parse(url).expect(url))
    }

    #[test]
    fn every_spelling_of_an_inner_address_is_refused() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "①②⑦.0.0.1",
            "%31%32%37.0.0.1",
            "0x7f000001",
            "017700000001",
            "127.0.0.1.",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2606:4700::5efe:10.0.0.1]",
            "[2606:4700::200:5efe:a00:1]",
            "[fd00::5efe:808:808]",
            "[fe80::200:5efe:8.8.8.8]",
            "[ff02::5efe:808:808]",
            "[2001:db8::5efe:808:808]",
            "[2001::1]",
            "[2001:db8::1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[fec0::1]",
            "[ff02::1]",
        ] {
            let url = format!("https://{host}/hook");
            assert_eq!(
                check(&url, false, false),
                Err(TargetError::NotPublic),
                "{url}"
            );
            assert_eq!(check(&url, true, false), Ok(()), "{url}");
        }
    }

    #[test]
    fn public_addresses_and_names_pass() {
        for host in [
            "93.184.216.34",
            "172.32.0.1",
            "[2606:4700::1]",
            "[64:ff9b::8.8.8.8]",
            "[2606:4700::5efe:8.8.8.8]",
            "example.com",
        ] {
            assert_eq!(
                check(&format!("https://{host}/"), false, false),
                Ok(()),
                "{host}"
            );
        }
    }

    #[test]
    fn plain_http_needs_permission_and_other_schemes_are_refused() {
        assert_eq!(
            check("http://example.com/", false, false),
            Err(TargetError::NotHttps)
        );
        assert_eq!(check("http://example.com/", false, true), Ok(()));
        assert_eq!(
            check("ftp://example.com/", true, true),
            Err(TargetError::NotHttp)
        );
        assert_eq!(
            check("file:///etc/passwd", true, true),
            Err(TargetError::NotHttp)
        );
    }

    #[test]
    fn this_machine_may_be_allowed_alone() {
        let policy = Policy {
            allow_loopback: true,
            allow_private: false,
            allow_http: true,
        };
        let check = |host: &str| policy.check(&Url::parse(&format!("http://{host}/")).expect(host));
        for host in ["127.0.0.1", "127.8.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
        for host in ["10.0.0.1", "169.254.169.254", "[fd00::1]", "0.0.0.0"] {
            assert_eq!(check(host), Err(TargetError::NotPublic), "{host}");
        }
    }
}
