//! Settings: flags and environment, parsed once. Nobody else reads the environment.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Settings that every command shares. Each is a flag and a variable of the same name; flags win.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// The folder of the vault
    #[arg(long, global = true, env = "KEEPWELL_VAULT", value_name = "DIR")]
    pub vault: Option<PathBuf>,
    /// Where the server listens
    #[arg(long, global = true, env = "KEEPWELL_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// The address by which browsers reach the server; its path becomes the prefix of every page
    #[arg(long, global = true, env = "KEEPWELL_BASE_URL", value_name = "URL")]
    pub base_url: Option<String>,
    /// Networks of proxies whose X-Forwarded headers are believed
    #[arg(long, global = true, env = "KEEPWELL_TRUSTED_PROXIES", value_name = "CIDR,…", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
    /// The member who signs in
    #[arg(long, global = true, env = "KEEPWELL_MEMBER", value_name = "NAME")]
    pub member: Option<String>,
    /// A file that holds the passphrase; a terminal is asked otherwise
    #[arg(long, global = true, env = "KEEPWELL_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Whose chart, where the member can open several
    #[arg(long, global = true, env = "KEEPWELL_PERSON", value_name = "NAME|ID")]
    pub person: Option<String>,
}
