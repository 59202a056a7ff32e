//! Address ranges of `IpAddress` and `NotIpAddress`.

use std::net::IpAddr;

/// An address range. IPv4 addresses written in IPv6 (`::ffff:a.b.c.d`) are IPv4 addresses here, on both sides: a
/// dual-stack listener must not carry a caller around a Deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads an address or a CIDR block; a bare address is a block of one.
    pub(crate) fn parse(text: &str) -> Option<Network> {
        let text = text.trim();
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) if !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(bits.parse::<u8>().ok()?))
            }
            Some(_) => return None,
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (width, written) = (width(address.to_canonical()), width(address));
        let bits = bits.unwrap_or(written);
        if bits > written {
            return None;
        }
        match bits.checked_sub(written - width) {
            Some(bits) => Some(Network { base: address.to_canonical(), bits }),
            // A block wider than the mapped range is a block of IPv6.
            None => Some(Network { base: address, bits }),
        }
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits);
                (base.to_bits() ^ address.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits);
                (base.to_bits() ^ address.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}
