//! TLS without a proxy: the household's own certificate, or one that the server makes for itself once.

use crate::config::{Config, Tls};
use crate::household::Household;
use crate::{Error, Kind, Result};
use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::Digest;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// In the vault's folder.
const CERTIFICATE: &str = "tls-certificate.pem";
const KEY: &str = "tls-key.pem";
/// Browsers take no certificate of a server that is good for more than 825 days. A new one is made well before that.
const GOOD_FOR_DAYS: i64 = 820;
const RENEWED_AFTER: Duration = Duration::from_secs(760 * 24 * 3600);
/// How often certificate files are looked at: whoever renews them need not start the server anew.
pub(super) const LOOK: Duration = Duration::from_secs(3600);

/// Certificate and key, loaded.
#[derive(Clone)]
pub struct Secured {
    pub(super) config: RustlsConfig,
    files: Option<(PathBuf, PathBuf)>,
    /// SHA-256 of a certificate that the server has made for itself, for people to compare.
    pub fingerprint: Option<String>,
}

impl std::fmt::Debug for Secured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secured").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Secured {
    /// What the settings ask for; None for plain http.
    ///
    /// # Errors
    /// Usage when files do not read or do not belong together.
    pub fn new(config: &Config, household: &Household) -> Result<Option<Self>> {
        match config.tls()? {
            Tls::Off => Ok(None),
            Tls::Files(certificate, key) => {
                let loaded = server_config(&read(&certificate)?, &read(&key)?)?;
                let files = Some((certificate, key));
                Ok(Some(Self { config: RustlsConfig::from_config(loaded), files, fingerprint: None }))
            }
            Tls::SelfSigned => {
                let vault = household.vault();
                let young = vault.server_file_age(CERTIFICATE).is_some_and(|age| age < RENEWED_AFTER);
                if !young || vault.server_file(KEY)?.is_none() {
                    let (certificate, key) = make(&names(config))?;
                    // The key last: a certificate without one is made anew.
                    vault.keep_server_file(CERTIFICATE, certificate.as_bytes())?;
                    vault.keep_server_file(KEY, key.as_bytes())?;
                }
                let missing = || Error::internal("the certificate is gone");
                let (certificate, key) =
                    (vault.server_file(CERTIFICATE)?.ok_or_else(missing)?, vault.server_file(KEY)?.ok_or_else(missing)?);
                let fingerprint = certificates(&certificate)?.first().map(fingerprint);
                Ok(Some(Self { config: RustlsConfig::from_config(server_config(&certificate, &key)?), files: None, fingerprint }))
            }
        }
    }

    /// Whether the certificate is one that browsers trust by themselves.
    pub fn is_trusted(&self) -> bool {
        self.files.is_some()
    }

    /// Loads files anew that have changed since. One that does not read leaves the old one in use.
    pub(super) fn look(&self, since: &mut SystemTime) {
        let Some((certificate, key)) = &self.files else { return };
        let changed = |path: &Path| path.metadata().and_then(|m| m.modified()).is_ok_and(|at| at > *since);
        if !changed(certificate) && !changed(key) {
            return;
        }
        *since = SystemTime::now();
        let loaded = read(certificate).and_then(|c| server_config(&c, &read(key)?));
        match loaded {
            Ok(loaded) => {
                self.config.reload_from_config(loaded);
                tracing::info!("the certificate was renewed");
            }
            Err(e) => tracing::error!("the new certificate cannot be used, the old one goes on: {}", e.words()),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| Error::new(Kind::Usage, format!("The file {} cannot be read.", path.display())).because(e))
}

fn unfit(e: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Usage, "The certificate and its key cannot be used. Both must be PEM files, and belong together.").because(e)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem).collect::<std::result::Result<_, _>>().map_err(unfit)
}

/// TLS 1.2 and 1.3 with the suites that rustls holds safe; HTTP/1.1.
fn server_config(certificate: &[u8], key: &[u8]) -> Result<Arc<rustls::ServerConfig>> {
    let key = PrivateKeyDer::from_pem_slice(key).map_err(unfit)?;
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_no_client_auth()
        .with_single_cert(certificates(certificate)?, key)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A certificate and its key, as PEM.
fn make(names: &[String]) -> Result<(String, zeroize::Zeroizing<String>)> {
    let key = rcgen::KeyPair::generate().map_err(Error::internal)?;
    let mut params = rcgen::CertificateParams::new(names.to_vec()).map_err(Error::internal)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "Keepwell");
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let today = jiff::Zoned::now().date();
    let day =
        |date: jiff::civil::Date| rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs());
    let end = today.checked_add(jiff::Span::new().days(GOOD_FOR_DAYS)).map_err(Error::internal)?;
    // A machine whose clock is a day behind takes it too.
    params.not_before = day(today.yesterday().map_err(Error::internal)?);
    params.not_after = day(end);
    let certificate = params.self_signed(&key).map_err(Error::internal)?;
    Ok((certificate.pem(), zeroize::Zeroizing::new(key.serialize_pem())))
}

/// By what names and addresses this machine may be called on the home network.
fn names(config: &Config) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if let Some(host) = config.base_url.as_deref().and_then(host_of) {
        names.push(host);
    }
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_ascii_lowercase();
    if !own.is_empty() && own.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        names.push(format!("{own}.local"));
        names.push(own);
    }
    if !config.listen.ip().is_unspecified() {
        names.push(config.listen.ip().to_string());
    }
    let routes = std::fs::read_to_string("/proc/self/net/fib_trie").unwrap_or_default();
    let six = std::fs::read_to_string("/proc/self/net/if_inet6").unwrap_or_default();
    names.extend(local_v4(&routes).into_iter().chain(local_v6(&six)).map(|a| a.to_string()));
    names.sort();
    names.dedup();
    names
}

fn host_of(url: &str) -> Option<String> {
    let authority = url.split_once("://")?.1.split('/').next()?.to_ascii_lowercase();
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_owned())
}

/// The machine's own addresses as the kernel lists them: the line before "/32 host LOCAL".
fn local_v4(table: &str) -> Vec<IpAddr> {
    let lines: Vec<&str> = table.lines().collect();
    let own = lines.windows(2).filter(|pair| pair[1].contains("32 host LOCAL"));
    let mut found: Vec<IpAddr> = own.filter_map(|pair| pair[0].trim().trim_start_matches("|-- ").parse().ok()).collect();
    found.retain(|a: &IpAddr| !a.is_loopback());
    found.sort();
    found.dedup();
    found
}

fn local_v6(table: &str) -> Vec<IpAddr> {
    let address = |line: &str| u128::from_str_radix(line.split_whitespace().next()?, 16).ok();
    let all = table.lines().filter_map(address).map(|n| IpAddr::V6(n.into()));
    // An address of the link alone needs a zone, which no certificate can name.
    all.filter(|a| !a.is_loopback() && matches!(a, IpAddr::V6(six) if six.segments()[0] & 0xffc0 != 0xfe80)).collect()
}

/// As browsers show it: pairs of hex digits.
fn fingerprint(certificate: &CertificateDer<'static>) -> String {
    sha2::Sha256::digest(certificate).iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_of_our_own_loads_and_names_the_addresses() {
        let names = ["localhost", "192.168.1.5", "fd00::5", "nas.local"].map(str::to_owned);
        let (certificate, key) = make(&names).expect("made");
        server_config(certificate.as_bytes(), key.as_bytes()).expect("loads");
        let other = make(&names).expect("another").1;
        assert_eq!(server_config(certificate.as_bytes(), other.as_bytes()).expect_err("not its key").kind, Kind::Usage);
        assert_eq!(server_config(b"none", b"none").expect_err("no PEM").kind, Kind::Usage);
        let ders = certificates(certificate.as_bytes()).expect("one");
        assert_eq!((ders.len(), fingerprint(&ders[0]).len()), (1, 95));
        assert!(memchr_like(&ders[0], b"nas.local") && memchr_like(&ders[0], &[192, 168, 1, 5]));
    }

    fn memchr_like(bytes: &[u8], wanted: &[u8]) -> bool {
        bytes.windows(wanted.len()).any(|w| w == wanted)
    }

    #[test]
    fn addresses_as_the_kernel_lists_them() {
        let table = "Main:\n  +-- 0.0.0.0/0 3 0 5\n           |-- 127.0.0.1\n              /32 host LOCAL\n        |-- 192.168.1.5\n           /32 host LOCAL\n        |-- 192.168.1.255\n           /32 link BROADCAST\n";
        assert_eq!(local_v4(table), ["192.168.1.5".parse::<IpAddr>().expect("an address")]);
        let six = "00000000000000000000000000000001 01 80 10 80 lo\nfe800000000000000000000000000005 02 40 20 80 eth0\nfd000000000000000000000000000005 02 40 00 80 eth0\n";
        assert_eq!(local_v6(six), ["fd00::5".parse::<IpAddr>().expect("an address")]);
        for (url, host) in [("https://Home.example:8443/health", "home.example"), ("https://[fd00::5]:1/", "fd00::5"), ("http://x", "x")] {
            assert_eq!(host_of(url).as_deref(), Some(host));
        }
    }
}
