//! Settings: flags and environment, parsed once. Nobody else reads the environment.

use crate::import::Limits;
use crate::{Error, Kind, Result};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Settings that every command shares. Each is a flag and a variable of the same name; flags win.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// The folder of the vault [default: ~/.local/share/keepwell]
    #[arg(long, global = true, env = "KEEPWELL_VAULT", value_name = "DIR", hide_env = true)]
    pub vault: Option<PathBuf>,
    /// Where the server listens
    #[arg(long, global = true, env = "KEEPWELL_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8787", hide_env = true)]
    pub listen: SocketAddr,
    /// The address by which browsers reach the server; its path becomes the prefix of every page
    #[arg(long, global = true, env = "KEEPWELL_BASE_URL", value_name = "URL", hide_env = true)]
    pub base_url: Option<String>,
    /// Networks of proxies whose X-Forwarded headers are believed
    #[arg(long, global = true, env = "KEEPWELL_TRUSTED_PROXIES", value_name = "CIDR,…", value_delimiter = ',', hide_env = true)]
    pub trusted_proxies: Vec<String>,
    /// TLS by the server itself: a certificate that it makes once, for the home network (browsers ask once whether to trust it)
    #[arg(long, global = true, env = "KEEPWELL_TLS", value_name = "off|self-signed", hide_env = true)]
    pub tls: Option<String>,
    /// TLS with a certificate of your own: the chain as a PEM file
    #[arg(long, global = true, env = "KEEPWELL_TLS_CERT", value_name = "FILE", hide_env = true)]
    pub tls_cert: Option<PathBuf>,
    /// Its key, as a PEM file
    #[arg(long, global = true, env = "KEEPWELL_TLS_KEY", value_name = "FILE", hide_env = true)]
    pub tls_key: Option<PathBuf>,
    /// The member who signs in
    #[arg(long, global = true, env = "KEEPWELL_MEMBER", value_name = "NAME", hide_env = true)]
    pub member: Option<String>,
    /// A file that holds the passphrase; a terminal is asked otherwise
    #[arg(long, global = true, env = "KEEPWELL_PASSPHRASE_FILE", value_name = "FILE", hide_env = true)]
    pub passphrase_file: Option<PathBuf>,
    /// For serve: a file with a member's recovery key or passphrase. The server then holds that member's charts open for its own
    /// work (inbox, backups, links) from the start; people still sign in. Whoever has this file can read those charts: systemd's
    /// credential "keepwell-unlock" does the same and can be sealed to the machine (packaging/keepwell.service)
    #[arg(long, global = true, env = "KEEPWELL_UNLOCK_FILE", value_name = "FILE", hide_env = true)]
    pub unlock_file: Option<PathBuf>,
    /// Whose chart, where the member can open several; for init: the full name of the first person
    #[arg(long, global = true, env = "KEEPWELL_PERSON", value_name = "NAME|ID", hide_env = true)]
    pub person: Option<String>,
    /// A program that sends a message (mail, push) when a member must be told something: it gets one line on its stdin, without
    /// names or health data
    #[arg(long, global = true, env = "KEEPWELL_NOTIFY_COMMAND", value_name = "FILE", hide_env = true)]
    pub notify_command: Option<PathBuf>,
    /// Minutes without a request after which a session locks
    #[arg(long, global = true, env = "KEEPWELL_IDLE_MINUTES", value_name = "N", default_value_t = 15, hide_env = true)]
    pub idle_minutes: u32,
    /// For serve: the folder of the nightly backups [default: backups in the vault]. A folder on another disk survives this one
    #[arg(long, global = true, env = "KEEPWELL_BACKUP_DIR", value_name = "DIR", hide_env = true)]
    pub backup_dir: Option<PathBuf>,
    /// For serve: when the nightly backup is made, by the clock of this machine, or "off"
    #[arg(long, global = true, env = "KEEPWELL_BACKUP_TIME", value_name = "HH:MM", default_value = "03:00", hide_env = true, value_parser = backup_time)]
    pub backup_time: BackupTime,
    /// For serve: how many backups are kept
    #[arg(long, global = true, env = "KEEPWELL_BACKUP_KEEP", value_name = "N", default_value_t = 14, hide_env = true, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub backup_keep: u32,
    /// More in the log; never health data
    #[arg(long, global = true, env = "KEEPWELL_VERBOSE", hide_env = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub verbose: bool,
    /// Bounds on what an import unpacks.
    #[command(flatten)]
    pub bounds: Bounds,
}

/// When the nightly backup is made: hour and minute, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupTime(pub Option<(i8, i8)>);

fn backup_time(text: &str) -> std::result::Result<BackupTime, String> {
    if text == "off" {
        return Ok(BackupTime(None));
    }
    let (hour, minute) = text.split_once(':').unwrap_or_default();
    let number = |t: &str, most: i8| t.parse::<i8>().ok().filter(|n| (0..=most).contains(n) && t.len() == 2);
    let time = number(hour, 23).zip(number(minute, 59));
    time.map(|t| BackupTime(Some(t))).ok_or_else(|| "write it as 03:00, or off".to_owned())
}

/// Bounds on what an import unpacks, in MiB where they are sizes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits of an import")]
pub struct Bounds {
    /// Largest file taken, in MiB
    #[arg(long, global = true, env = "KEEPWELL_MAX_FILE_MIB", value_name = "MIB", hide_env = true)]
    pub max_file_mib: Option<u64>,
    /// Most entries in one archive
    #[arg(long, global = true, env = "KEEPWELL_MAX_ARCHIVE_ENTRIES", value_name = "N", hide_env = true)]
    pub max_archive_entries: Option<u64>,
    /// Archives within archives
    #[arg(long, global = true, env = "KEEPWELL_MAX_ARCHIVE_DEPTH", value_name = "N", hide_env = true)]
    pub max_archive_depth: Option<u32>,
    /// Unpacked size of one upload, in MiB
    #[arg(long, global = true, env = "KEEPWELL_MAX_UNPACKED_MIB", value_name = "MIB", hide_env = true)]
    pub max_unpacked_mib: Option<u64>,
    /// Unpacked to packed size of one entry
    #[arg(long, global = true, env = "KEEPWELL_MAX_RATIO", value_name = "N", hide_env = true)]
    pub max_ratio: Option<u64>,
    /// Largest document read in one piece, in MiB
    #[arg(long, global = true, env = "KEEPWELL_MAX_DOCUMENT_MIB", value_name = "MIB", hide_env = true)]
    pub max_document_mib: Option<u64>,
    /// Nesting of XML
    #[arg(long, global = true, env = "KEEPWELL_MAX_XML_DEPTH", value_name = "N", hide_env = true)]
    pub max_xml_depth: Option<u32>,
    /// Nesting of JSON
    #[arg(long, global = true, env = "KEEPWELL_MAX_JSON_DEPTH", value_name = "N", hide_env = true)]
    pub max_json_depth: Option<u32>,
}

/// As long as a session lasts at most, in minutes.
const LONGEST_IDLE: u32 = 12 * 60;

/// How browsers reach the server itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// By plain http: on this machine, or behind a proxy.
    Off,
    /// By a certificate that the server makes for itself.
    SelfSigned,
    /// By certificate and key of one's own.
    Files(PathBuf, PathBuf),
}

/// Every variable that means something.
const VARIABLES: [&str; 25] = [
    "KEEPWELL_VAULT",
    "KEEPWELL_LISTEN",
    "KEEPWELL_BASE_URL",
    "KEEPWELL_TRUSTED_PROXIES",
    "KEEPWELL_TLS",
    "KEEPWELL_TLS_CERT",
    "KEEPWELL_TLS_KEY",
    "KEEPWELL_MEMBER",
    "KEEPWELL_PASSPHRASE_FILE",
    "KEEPWELL_UNLOCK_FILE",
    "KEEPWELL_PERSON",
    "KEEPWELL_IDLE_MINUTES",
    "KEEPWELL_NOTIFY_COMMAND",
    "KEEPWELL_BACKUP_DIR",
    "KEEPWELL_BACKUP_TIME",
    "KEEPWELL_BACKUP_KEEP",
    "KEEPWELL_VERBOSE",
    "KEEPWELL_MAX_FILE_MIB",
    "KEEPWELL_MAX_ARCHIVE_ENTRIES",
    "KEEPWELL_MAX_ARCHIVE_DEPTH",
    "KEEPWELL_MAX_UNPACKED_MIB",
    "KEEPWELL_MAX_RATIO",
    "KEEPWELL_MAX_DOCUMENT_MIB",
    "KEEPWELL_MAX_XML_DEPTH",
    "KEEPWELL_MAX_JSON_DEPTH",
];

/// Variables of the environment that look like settings and are none.
pub fn unknown_variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    // KEEPWELL_CORPUS and KEEPWELL_BENCH_… belong to the tests and benchmarks.
    let ours = |n: &String| n.starts_with("KEEPWELL_") && n != "KEEPWELL_CORPUS" && !n.starts_with("KEEPWELL_BENCH_");
    let mut unknown: Vec<_> = names.filter(ours).filter(|n| !VARIABLES.contains(&n.as_str())).collect();
    unknown.sort();
    unknown
}

impl Config {
    /// The folder of the vault.
    ///
    /// # Errors
    /// Usage when it is not given and there is no home folder.
    pub fn vault_dir(&self) -> Result<PathBuf> {
        if let Some(dir) = &self.vault {
            return Ok(dir.clone());
        }
        let home = std::env::home_dir().filter(|h| !h.as_os_str().is_empty());
        home.map(|h| h.join(".local/share/keepwell"))
            .ok_or_else(|| Error::new(Kind::Usage, "There is no home folder. Name the vault's folder with --vault."))
    }

    /// TLS as the settings have it.
    ///
    /// # Errors
    /// Usage when they contradict each other.
    pub fn tls(&self) -> Result<Tls> {
        let usage = |words: &'static str| Err(Error::new(Kind::Usage, words));
        let own = match self.tls.as_deref().map(str::trim) {
            None | Some("" | "off") => false,
            Some("self-signed") => true,
            Some(_) => return usage("--tls is \"off\" or \"self-signed\". For a certificate of your own, give --tls-cert and --tls-key."),
        };
        let chosen = match (&self.tls_cert, &self.tls_key) {
            (None, None) if own => Tls::SelfSigned,
            (None, None) => return Ok(Tls::Off),
            (Some(_), Some(_)) if own => return usage("Choose one: --tls self-signed, or --tls-cert and --tls-key."),
            (Some(certificate), Some(key)) => Tls::Files(certificate.clone(), key.clone()),
            _ => return usage("--tls-cert and --tls-key belong together. Give both."),
        };
        if self.base_url.as_deref().is_some_and(|url| url.trim().to_ascii_lowercase().starts_with("http://")) {
            return usage("The server speaks TLS, and the base URL begins with http://. Write https:// there.");
        }
        Ok(chosen)
    }

    /// What unlocks the server at boot, if the household chose so: the text of the unlock file, else of systemd's credential.
    ///
    /// # Errors
    /// Usage when the file cannot be read.
    pub fn unlock_secret(&self) -> Result<Option<Zeroizing<String>>> {
        let credential = || std::env::var_os("CREDENTIALS_DIRECTORY").map(|dir| PathBuf::from(dir).join("keepwell-unlock"));
        let Some(file) = self.unlock_file.clone().or_else(|| credential().filter(|file| file.exists())) else { return Ok(None) };
        let text = std::fs::read_to_string(&file).map(Zeroizing::new).map_err(|e| {
            Error::new(Kind::Usage, format!("The unlock file {} cannot be read. The charts stay locked until you mend it.", file.display()))
                .because(e)
        })?;
        // What `age-keygen` writes has comments around the key.
        let line = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
        Ok(Some(Zeroizing::new(line.to_owned())))
    }

    /// The limits of an import.
    pub fn limits(&self) -> Limits {
        let (b, d) = (&self.bounds, Limits::default());
        Limits {
            file_bytes: b.max_file_mib.map_or(d.file_bytes, |m| m << 20),
            archive_entries: b.max_archive_entries.unwrap_or(d.archive_entries),
            archive_depth: b.max_archive_depth.unwrap_or(d.archive_depth),
            unpacked_bytes: b.max_unpacked_mib.map_or(d.unpacked_bytes, |m| m << 20),
            ratio: b.max_ratio.unwrap_or(d.ratio),
            document_bytes: b.max_document_mib.map_or(d.document_bytes, |m| m << 20),
            xml_depth: b.max_xml_depth.unwrap_or(d.xml_depth),
            json_depth: b.max_json_depth.unwrap_or(d.json_depth),
            ..d
        }
    }

    /// Settings that contradict each other or are unsafe, in words.
    pub fn contradictions(&self) -> Vec<String> {
        let mut out = Vec::new();
        let open = !self.listen.ip().is_loopback();
        let tls = self.tls();
        let plain = tls.as_ref().is_ok_and(|tls| *tls == Tls::Off);
        if let Err(e) = &tls {
            out.push(e.words().to_owned());
        }
        match &self.base_url {
            Some(url) if !(url.starts_with("http://") || url.starts_with("https://")) => {
                out.push(format!("KEEPWELL_BASE_URL must begin with http:// or https://, and is {url}."));
            }
            Some(url) if open && plain && url.starts_with("http://") => {
                out.push("The server can be reached from other machines without encryption. Put a proxy with TLS in front, and give KEEPWELL_BASE_URL with https://, or let the server do it: --tls self-signed.".into());
            }
            Some(_) if open && plain && self.trusted_proxies.is_empty() => {
                out.push("The base URL has https, but the server itself speaks plain http to other machines, and no proxy is named. Name it with KEEPWELL_TRUSTED_PROXIES, listen on 127.0.0.1, or use --tls.".into());
            }
            None if open && plain => {
                out.push("The server listens beyond this machine without encryption, and KEEPWELL_BASE_URL does not say under which address. Use --tls self-signed, or a proxy with TLS.".into());
            }
            _ => {}
        }
        if let Some(program) = &self.notify_command {
            use std::os::unix::fs::PermissionsExt as _;
            if !program.is_absolute() {
                out.push("KEEPWELL_NOTIFY_COMMAND must be a whole path, beginning with /.".into());
            } else if !std::fs::metadata(program).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0) {
                out.push(format!("The notify command {} is no program that can be run.", program.display()));
            }
        }
        if let (Some(dir), Ok(vault)) = (&self.backup_dir, self.vault_dir()) {
            if dir.starts_with(&vault) && *dir != vault.join("backups") {
                out.push(
                    "KEEPWELL_BACKUP_DIR is a folder inside the vault, so each backup would hold those before it. Choose another.".into(),
                );
            } else if !dir.is_dir() {
                out.push(format!("The folder for backups {} is not there. Is its disk connected?", dir.display()));
            }
        }
        for network in self.trusted_proxies.iter().map(|n| n.trim()).filter(|n| !n.is_empty()) {
            match bits(network) {
                None => out.push(format!("{network} is not a network of proxies. Write it like 10.0.0.0/8.")),
                Some((given, least)) if given < least => {
                    out.push(format!("KEEPWELL_TRUSTED_PROXIES holds {network}: then almost anyone can say that they come from elsewhere. Name your proxy alone, like 127.0.0.1."));
                }
                Some(_) => {}
            }
        }
        if self.idle_minutes == 0 || self.idle_minutes > LONGEST_IDLE {
            out.push(format!(
                "KEEPWELL_IDLE_MINUTES is {}. Choose 1 to {LONGEST_IDLE}: no session lasts longer than 12 hours.",
                self.idle_minutes
            ));
        }
        for (what, file) in [("passphrase", &self.passphrase_file), ("unlock", &self.unlock_file), ("TLS key", &self.tls_key)] {
            let Some(file) = file else { continue };
            use std::os::unix::fs::PermissionsExt as _;
            match std::fs::metadata(file) {
                Err(_) => out.push(format!("The {what} file {} cannot be read.", file.display())),
                Ok(m) if m.permissions().mode() & 0o077 != 0 => {
                    out.push(format!("Others on this machine can read the {what} file {}. chmod 600 it.", file.display()));
                }
                Ok(_) => {}
            }
        }
        if let Some(file) = self.tls_cert.as_ref().filter(|file| !file.is_file()) {
            out.push(format!("The certificate file {} cannot be read.", file.display()));
        }
        out
    }
}

/// The bits of a network, and how many it should have at least.
fn bits(network: &str) -> Option<(u8, u8)> {
    let (address, bits) = network.split_once('/').map_or((network, None), |(a, b)| (a, Some(b)));
    let address: std::net::IpAddr = address.parse().ok()?;
    let (most, least) = if address.is_ipv4() { (32, 8) } else { (128, 16) };
    let bits = bits.map_or(Some(most), |b| b.parse().ok()).filter(|b| *b <= most)?;
    Some((bits, least))
}
