//! TLS by the server itself, its limits, and what the settings say.

use crate::binary::{Home, Server, ran};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A request by TLS that trusts this certificate and no other; the answer.
fn by_tls(port: u16, certificate: &CertificateDer<'static>, name: &str, request: &str) -> Result<String, std::io::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone()).map_err(std::io::Error::other)?;
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).map_err(std::io::Error::other)?;
    let connection = rustls::ClientConnection::new(Arc::new(config), name).map_err(std::io::Error::other)?;
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", port))?);
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    // The server may end without a close_notify.
    _ = stream.read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
}

fn port_of(server: &Server) -> u16 {
    server.port
}

#[test]
fn a_certificate_of_its_own_is_made_once_and_kept_to_the_owner() {
    let home = Home::new();
    let server = home.serve(&[("KEEPWELL_TLS", "self-signed")]);
    let port = port_of(&server);
    let file = home.vault().join("tls-certificate.pem");
    let pem = std::fs::read(&file).unwrap();
    for name in ["tls-certificate.pem", "tls-key.pem"] {
        assert_eq!(home.vault().join(name).metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let certificate = CertificateDer::from_pem_slice(&pem).unwrap();
    let said = server.said();
    assert!(said.contains(&format!("https://127.0.0.1:{port}/")) && said.contains("SHA-256"), "{said}");
    for name in ["localhost", "127.0.0.1"] {
        let page = by_tls(port, &certificate, name, &get("/sign-in", &format!("localhost:{port}"))).unwrap();
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert!(!page.to_lowercase().contains("strict-transport-security"), "no promise for a certificate of its own");
    }
    assert!(by_tls(port, &certificate, "evil.example", &get("/", "localhost")).is_err(), "made for other names");
    // Cookies for TLS, and our own pages are known by their https origin.
    let form = format!("name=Ruth&passphrase={}", home.recovery);
    for (origin, status) in [(format!("https://localhost:{port}"), "303"), (format!("http://localhost:{port}"), "403")] {
        let request = format!(
            "POST /sign-in HTTP/1.1\r\nhost: localhost:{port}\r\norigin: {origin}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{form}",
            form.len()
        );
        let answer = by_tls(port, &certificate, "localhost", &request).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{origin}: {answer}");
        assert_eq!(answer.contains("__Host-keepwell=") && answer.contains("; Secure"), status == "303", "{answer}");
    }
    // Plain http is no way in.
    let plain = server.raw(get("/sign-in", "localhost").as_bytes());
    assert!(plain.is_none_or(|reply| reply.status == 400), "plain http was answered");
    server.stop();
    let server = home.serve(&[("KEEPWELL_TLS", "self-signed")]);
    assert_eq!(std::fs::read(&file).unwrap(), pem, "the same after a restart");
    server.stop();
}

#[test]
fn a_certificate_of_ones_own_is_used_and_browsers_may_insist_on_it() {
    let home = Home::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["home.example".to_owned()]).unwrap();
    let made = params.self_signed(&key).unwrap();
    let (chain, secret) = (home.write("chain.pem", made.pem().as_bytes()), home.write("own.key", key.serialize_pem().as_bytes()));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let settings = [("KEEPWELL_TLS_CERT", chain.as_str()), ("KEEPWELL_TLS_KEY", secret.as_str())];
    let server = home.serve(&settings);
    let page = by_tls(port_of(&server), made.der(), "home.example", &get("/sign-in", "localhost")).unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("strict-transport-security: max-age=31536000"), "{page}");
    server.stop();
    let broken = home.write("broken.pem", b"no certificate");
    let failed = ran(home.command(&["serve", "--listen", "127.0.0.1:0"]).env("KEEPWELL_TLS_CERT", broken).env("KEEPWELL_TLS_KEY", &secret));
    assert_eq!(failed.code, Some(2), "{}", failed.err);
    assert!(!failed.err.contains("PRIVATE"), "{}", failed.err);
}

#[test]
fn settings_that_contradict_each_other_are_named() {
    let home = Home::new();
    let open = home.write("open.key", b"x");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    for (settings, words) in [
        (&[("KEEPWELL_TLS", "self-signed"), ("KEEPWELL_BASE_URL", "http://nas.local")][..], "https://"),
        (&[("KEEPWELL_TLS", "on")], "self-signed"),
        (&[("KEEPWELL_TLS_CERT", "/nonexistent")], "belong together"),
        (&[("KEEPWELL_TLS_CERT", "/nonexistent"), ("KEEPWELL_TLS_KEY", &open)], "cannot be read"),
        (&[("KEEPWELL_TLS_CERT", "/nonexistent"), ("KEEPWELL_TLS_KEY", &open)], "chmod 600"),
        (&[("KEEPWELL_TLS", "self-signed"), ("KEEPWELL_TLS_CERT", "a"), ("KEEPWELL_TLS_KEY", "b")], "Choose one"),
        (&[("KEEPWELL_TRUSTED_PROXIES", "0.0.0.0/0")], "almost anyone"),
        (&[("KEEPWELL_TRUSTED_PROXIES", "::/0")], "almost anyone"),
        (&[("KEEPWELL_TRUSTED_PROXIES", "my proxy")], "not a network"),
        (&[("KEEPWELL_LISTEN", "0.0.0.0:8787")], "without encryption"),
        (&[("KEEPWELL_LISTEN", "0.0.0.0:8787"), ("KEEPWELL_BASE_URL", "http://nas.local")], "without encryption"),
        (&[("KEEPWELL_LISTEN", "0.0.0.0:8787"), ("KEEPWELL_BASE_URL", "https://home.example")], "no proxy is named"),
        (&[("KEEPWELL_IDLE_MINUTES", "0")], "Choose 1 to 720"),
        (&[("KEEPWELL_TLS_CERTIFICATE", "x")], "KEEPWELL_TLS_CERTIFICATE is not a setting"),
    ] {
        let found = ran(home.command(&["config", "check"]).envs(settings.iter().copied())).ended(1);
        let out = String::from_utf8_lossy(&found.out).into_owned();
        assert!(out.contains(words), "{settings:?}: {out}");
    }
    for settings in [
        &[("KEEPWELL_LISTEN", "0.0.0.0:8787"), ("KEEPWELL_TLS", "self-signed")][..],
        &[("KEEPWELL_BASE_URL", "https://home.example/health"), ("KEEPWELL_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8")],
        &[("KEEPWELL_LISTEN", "0.0.0.0:8787"), ("KEEPWELL_BASE_URL", "https://home.example"), ("KEEPWELL_TRUSTED_PROXIES", "10.0.0.2")],
    ] {
        ran(home.command(&["config", "check"]).envs(settings.iter().copied())).ended(0);
    }
}

#[test]
fn who_sends_a_head_letter_by_letter_keeps_no_place_and_holds_nobody_up() {
    let home = Home::new();
    let server = home.serve(&[]);
    let began = Instant::now();
    let mut slow: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(("127.0.0.1", server.port)).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: loc").unwrap();
    }
    assert_eq!(server.get("/healthz", "").status, 200, "others are answered");
    let half = &mut slow[0];
    half.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut rest = Vec::new();
    _ = half.read_to_end(&mut rest);
    let took = began.elapsed();
    assert!(took > Duration::from_secs(10) && took < Duration::from_secs(45), "{took:?}: {}", String::from_utf8_lossy(&rest));
    // A head without end is refused, and says nothing of the inside.
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let line = format!("x-{}: {}\r\n", "a".repeat(60), "b".repeat(8000));
    let sent = stream
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n")
        .and_then(|()| (0..40).try_for_each(|_| stream.write_all(line.as_bytes())));
    let mut answer = Vec::new();
    _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(
        sent.is_err() || answer.is_empty() || answer.starts_with("HTTP/1.1 431") || answer.starts_with("HTTP/1.1 400"),
        "{answer:.200}"
    );
    assert!(!answer.contains("hyper") && !answer.contains("src/"), "{answer:.200}");
    assert_eq!(server.get("/healthz", "").status, 200);
}

#[test]
fn every_test_that_the_help_page_names_is_there() {
    use keepwell::web::pages::security::{ASVS, Met, ONC, PEERS};
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in ["src", "tests/it", "tests/browser"] {
        let wanted = |p: &std::path::PathBuf| {
            p.extension().is_some_and(|e| e == "rs" || e == "mjs") && !p.to_string_lossy().contains("node_modules")
        };
        for file in crate::binary::files(&root.join(folder)).into_iter().filter(wanted) {
            text += &std::fs::read_to_string(file).unwrap();
        }
    }
    let mut named = 0;
    for (number, asks, met) in ONC.iter().chain(ASVS).chain(PEERS) {
        match met {
            Met::Otherwise(why) => assert!(why.len() > 40, "{number} {asks}"),
            Met::Tested(names) => {
                assert!(!names.is_empty(), "{number} {asks}");
                for name in *names {
                    named += 1;
                    let there = text.contains(&format!("fn {name}()")) || text.contains(&format!("test(\"{name}\""));
                    assert!(there, "{number} {asks}: there is no test {name}");
                }
            }
        }
    }
    assert!(named > 60, "{named}");
}
