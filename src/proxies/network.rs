//! A network of addresses, as configurations write it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::error::{ConfigError, ConfigErrorKind};

/// All addresses with one beginning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    /// INVARIANT: no bit behind the beginning is set, and it is not IPv4-mapped.
    start: IpAddr,
    len: u8,
}

impl Network {
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        let malformed = || {
            fault(format!(
                "{text:?} is no network of proxies: write an address (`192.0.2.7`) or a network \
                 (`10.0.0.0/8`, `fd00::/8`)"
            ))
        };
        let (address, len) = match text.split_once('/') {
            Some((address, len))
                if len.len() <= 3 && len.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                (address, Some(len.parse::<u8>().map_err(|_| malformed())?))
            }
            Some(_) => return Err(malformed()),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let len = len.unwrap_or(most);
        if len > most {
            return Err(malformed());
        }
        if len == 0 {
            return Err(fault(format!(
                "{text:?} would trust every address, and then each caller could write where it \
                 comes from: write the networks of your proxies"
            )));
        }
        // A proxy that comes over a dual-stack socket is compared as IPv4.
        let (address, len) = match (address, address.to_canonical(), len.checked_sub(96)) {
            (IpAddr::V6(_), canonical @ IpAddr::V4(_), Some(len)) if len > 0 => (canonical, len),
            _ => (address, len),
        };
        let network = Self {
            start: masked(address, len),
            len,
        };
        if network.start != address {
            return Err(fault(format!(
                "{text:?} has bits behind its length: write `{network}`, or a longer length"
            )));
        }
        Ok(network)
    }

    /// Whether an address, which is not IPv4-mapped, is of this network.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.start.is_ipv4() && masked(address, self.len) == self.start
    }
}

fn masked(address: IpAddr, len: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let hidden = 32_u32.saturating_sub(len.into());
            let mask = u32::MAX.checked_shl(hidden).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let hidden = 128_u32.saturating_sub(len.into());
            let mask = u128::MAX.checked_shl(hidden).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

fn fault(message: String) -> ConfigError {
    ConfigError::new(ConfigErrorKind::Malformed, message)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.start, self.len)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network)
            .unwrap()
            .contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_and_networks_of_both_kinds() {
        for (network, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.128/25", "192.0.2.255", "192.0.2.127"),
            ("128.0.0.0/1", "255.0.0.1", "127.0.0.1"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("2001:db8::1/128", "2001:db8::1", "2001:db8::2"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.1"),
            (" 10.0.0.0/8 ", "10.0.0.0", "::a00:0"),
        ] {
            assert!(contains(network, inside), "{network} {inside}");
            assert!(!contains(network, outside), "{network} {outside}");
        }
    }

    #[test]
    fn what_is_no_network_says_what_to_write() {
        for (text, says) in [
            ("", "10.0.0.0/8"),
            ("proxy.internal", "10.0.0.0/8"),
            ("10.0.0.0/33", "10.0.0.0/8"),
            ("10.0.0.0/", "10.0.0.0/8"),
            ("10.0.0.0/+8", "10.0.0.0/8"),
            ("fd00::/129", "10.0.0.0/8"),
            ("10.0.0.0/8/8", "10.0.0.0/8"),
            ("10.0.0.1/8", "write `10.0.0.0/8`"),
            ("fd00::1/64", "write `fd00::/64`"),
            ("0.0.0.0/0", "every address"),
            ("::/0", "every address"),
        ] {
            let error = Network::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
