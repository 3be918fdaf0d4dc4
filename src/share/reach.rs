//! Whether somebody outside the home can reach the server at its address.

use std::net::IpAddr;

/// Who can reach an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anyone, as far as the address tells.
    Anyone,
    /// Only those in the same home network.
    Home,
    /// Only this machine.
    Machine,
}

/// Who can reach `https://host[:port][/path]`, judged by the host alone: nothing is asked of any network.
pub fn reach(url: &str) -> Reach {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    match host.parse::<IpAddr>() {
        Ok(ip) => of_address(ip),
        Err(_) => of_name(host),
    }
}

fn of_address(ip: IpAddr) -> Reach {
    let home = match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            // 100.64.0.0/10: behind a provider's translation (RFC 6598), or a network of one's own devices.
            v4.is_private() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if ip.is_loopback() || ip.is_unspecified() {
        Reach::Machine
    } else if home {
        Reach::Home
    } else {
        Reach::Anyone
    }
}

fn of_name(host: &str) -> Reach {
    let home = [".local", ".lan", ".home", ".internal", ".home.arpa"];
    if host == "localhost" || host.ends_with(".localhost") || host.is_empty() {
        Reach::Machine
    } else if !host.contains('.') || home.iter().any(|end| host.ends_with(end)) {
        Reach::Home
    } else {
        Reach::Anyone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_who_can_reach_them() {
        for (url, expected) in [
            ("http://127.0.0.1:8787", Reach::Machine),
            ("http://[::1]:8787/x", Reach::Machine),
            ("http://localhost:8787", Reach::Machine),
            ("http://0.0.0.0:8787", Reach::Machine),
            ("http://192.168.1.5:8787", Reach::Home),
            ("http://10.0.0.5", Reach::Home),
            ("http://172.20.0.1", Reach::Home),
            ("http://100.100.1.1", Reach::Home),
            ("http://169.254.1.1", Reach::Home),
            ("http://[fd00::5]:8787", Reach::Home),
            ("http://[fe80::5]", Reach::Home),
            ("http://nas.local/health", Reach::Home),
            ("http://raspberrypi:8787", Reach::Home),
            ("https://pi.home.arpa", Reach::Home),
            ("https://home.example/health", Reach::Anyone),
            ("https://203.0.113.7", Reach::Anyone),
            ("https://[2001:db8::1]/", Reach::Anyone),
        ] {
            assert_eq!(reach(url), expected, "{url}");
        }
    }
}
