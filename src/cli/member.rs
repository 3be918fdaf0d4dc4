//! `keepwell member`: the members of the household, and what they may open.

use super::{Ended, ListArgs, Opened, finish_keys, open, print_json, print_line, recover};
use crate::config::Config;
use crate::household::Grant;
use crate::record::{Class, Sensitive, SensitiveSet};
use crate::vault::{Act, PersonInfo, Role, Scope};
use crate::{Error, Kind, Result};
use clap::ValueEnum;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What `member` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Invite somebody to a chart: prints a link, good once and for five days. A member who is here already gets the role at once
    Add(AddArgs),
    /// List the members, what they may open, and the invites
    List(ListArgs),
    /// Take a member out of the household, or with --person off one chart: the chart gets new keys
    Remove(RemoveArgs),
    /// Give a member another role on a chart
    Role(RoleArgs),
    /// Set a new passphrase with the recovery key, for who has forgotten theirs
    Recover(recover::Args),
}

#[derive(clap::Args, Debug)]
struct AddArgs {
    /// Who
    #[arg(value_name = "NAME")]
    name: String,
    /// What they may do with the chart
    #[arg(long, value_enum)]
    role: RoleName,
    #[command(flatten)]
    bounds: Bounds,
    /// Make the member at once, with the passphrase in this file, and print their recovery key
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct RemoveArgs {
    /// Who
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(clap::Args, Debug)]
struct RoleArgs {
    /// Who
    #[arg(value_name = "NAME")]
    name: String,
    /// What they may do with the chart
    #[arg(value_enum)]
    role: RoleName,
    #[command(flatten)]
    bounds: Bounds,
}

/// How long a role holds, and how much of the chart a viewer sees.
#[derive(clap::Args, Debug)]
struct Bounds {
    /// The last day of the role
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<String>,
    /// For a viewer: only these kinds of record
    #[arg(long, value_name = "C,…", value_delimiter = ',')]
    include: Vec<String>,
    /// For a viewer: these sensitive kinds too, which are left out otherwise: mental-health, reproductive-health, sexual-health,
    /// substance-use, genetics, hiv
    #[arg(long, value_name = "K,…", value_delimiter = ',')]
    sensitive: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Owner,
    Carer,
    Viewer,
}

/// Runs it.
///
/// # Errors
/// Those of the command.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    match &args.command {
        Command::Add(args) => add(config, args),
        Command::List(args) => list(config, args.json),
        Command::Remove(args) => remove(config, &args.name),
        Command::Role(args) => role(config, args),
        Command::Recover(args) => recover::run(config, args),
    }
}

fn grant(role: RoleName, bounds: &Bounds) -> Result<Grant> {
    let role = match role {
        RoleName::Owner => Role::Owner,
        RoleName::Carer => Role::Carer,
        RoleName::Viewer => Role::Viewer,
    };
    let narrowed = !bounds.include.is_empty() || !bounds.sensitive.is_empty();
    if role != Role::Viewer && narrowed {
        return Err(Error::new(Kind::Usage, "--include and --sensitive are for viewers: owners and carers see all of a chart."));
    }
    let unknown = |what: &str, slug: &str| Error::new(Kind::Usage, format!("There is no {what} named {slug}."));
    let mut classes = Vec::new();
    for slug in &bounds.include {
        classes.push(Class::from_slug(slug).ok_or_else(|| unknown("kind of record", slug))?);
    }
    let mut sensitive = SensitiveSet::NONE;
    for slug in &bounds.sensitive {
        sensitive.add(SensitiveSet::from(Sensitive::from_slug(slug).ok_or_else(|| unknown("sensitive kind", slug))?));
    }
    let classes = if classes.is_empty() { None } else { Some(classes.into_iter().collect()) };
    let scope = (role == Role::Viewer).then_some(Scope { classes, sensitive });
    Ok(Grant { role, until: bounds.until.clone(), scope })
}

fn add(config: &Config, args: &AddArgs) -> Result<Ended> {
    let grant = grant(args.role, &args.bounds)?;
    let opened = open(config)?;
    let person = owned(&opened, config)?;
    if let Some(file) = &args.new_passphrase_file {
        let passphrase = new_passphrase(file)?;
        opened.household.record(&person.id, &grant.noted(opened.event(Act::RoleGranted)).with("to", &args.name))?;
        let recovery = opened.household.add_member(&opened.who, &person.id, &args.name, &passphrase, &grant)?;
        eprintln!("{} is a member now and may open {}.", args.name, possessive(&person));
        eprintln!("This is their recovery key. It is shown only now; give it to them on paper:\n");
        print_line(&recovery)?;
        return Ok(Ended::Done);
    }
    if let Some(member) = opened.household.members()?.into_iter().find(|m| m.name.to_lowercase() == args.name.trim().to_lowercase()) {
        opened.household.record(&person.id, &grant.noted(opened.event(Act::RoleGranted)).with("to", &member.name))?;
        opened.household.give(&opened.who, &person.id, &member.id, &grant)?;
        eprintln!("{} is a member already and may open {} from now on.", member.name, possessive(&person));
        return Ok(Ended::Done);
    }
    opened.household.record(&person.id, &grant.noted(opened.event(Act::InviteMade)).with("to", &args.name))?;
    let (_, token) = opened.household.invite(&opened.who, &person.id, &args.name, &grant)?;
    eprintln!("Give this link to {} and to nobody else. It is good once, for five days, while the server runs:\n", args.name);
    let base = config.base_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    print_line(&format!("{}/join/{}", base.trim_end_matches('/'), token.as_str()))?;
    Ok(Ended::Done)
}

/// The person whom the settings name, where this member owns the chart.
fn owned(opened: &Opened, config: &Config) -> Result<PersonInfo> {
    match opened.person(config)? {
        (person, Role::Owner) => Ok(person),
        _ => Err(Error::new(Kind::Denied, "Only an owner of this chart may do this. Nothing was changed.")),
    }
}

fn new_passphrase(file: &Path) -> Result<Zeroizing<String>> {
    let unreadable = |e| Error::new(Kind::Usage, format!("The passphrase file {} cannot be read.", file.display())).because(e);
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(unreadable)?);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn possessive(person: &PersonInfo) -> String {
    format!("{}'s chart", person.name)
}

fn list(config: &Config, as_json: bool) -> Result<Ended> {
    let Opened { household, who } = open(config)?;
    let charts = household.charts(&who)?;
    let mut members = Vec::new();
    for member in household.members()? {
        let mut roles = Vec::new();
        for (person, _) in &charts {
            let access = household.access(&who, &person.id)?;
            let Some(found) = access.into_iter().find(|a| a.member.id == member.id) else { continue };
            roles.push(json!({"person": person.id, "name": person.name, "role": found.grant.role.slug(), "until": found.grant.until,
                "ended": found.grant.is_over(), "scope": found.grant.scope}));
        }
        members.push(json!({"id": member.id, "name": member.name, "keeper": household.is_keeper(&member)?, "roles": roles}));
    }
    let mut invites = Vec::new();
    for (person, _) in charts.iter().filter(|(_, role)| *role == Role::Owner) {
        for invite in household.invites(&who, &person.id)? {
            invites.push(json!({"id": invite.id, "for": invite.label, "person": person.id, "name": person.name,
                "role": invite.grant.role.slug(), "until": invite.grant.until, "by": invite.sender,
                "created": super::sources::moment(invite.created), "expires": super::sources::moment(invite.expires)}));
        }
    }
    if as_json {
        print_json(&json!({"members": members, "invites": invites}))?;
        return Ok(Ended::Done);
    }
    let text = |v: &Value, name: &str| v.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    for member in &members {
        let keeps = if member.get("keeper") == Some(&Value::Bool(true)) { " (keeps the household)" } else { "" };
        print_line(&format!("{}{keeps}", text(member, "name")))?;
        for role in member.get("roles").and_then(Value::as_array).into_iter().flatten() {
            let until = Some(text(role, "until")).filter(|u| !u.is_empty()).map(|u| format!(" until {u}")).unwrap_or_default();
            print_line(&format!("    {}: {}{until}", text(role, "name"), text(role, "role")))?;
        }
    }
    for invite in &invites {
        let (to, role, expires) = (text(invite, "name"), text(invite, "role"), text(invite, "expires"));
        print_line(&format!("Invited: {}, to be {role} of {to}. Good until {expires}", text(invite, "for")))?;
    }
    Ok(Ended::Done)
}

fn named(opened: &Opened, name: &str) -> Result<crate::vault::MemberInfo> {
    let none = || Error::new(Kind::NotFound, "There is no member of that name. \"keepwell member list\" names them.");
    opened.household.member_named(name)?.ok_or_else(none)
}

fn remove(config: &Config, name: &str) -> Result<Ended> {
    let opened = open(config)?;
    let member = named(&opened, name)?;
    if config.person.is_none() {
        opened.household.record_for(&member.id, &opened.event(Act::RoleRemoved).with("to", &member.name))?;
        opened.household.remove_member(&opened.who, &member.id, &|_| {})?;
        eprintln!("{} is no member any more and can open nothing here.", member.name);
        for (person, role) in opened.household.charts(&opened.who)? {
            if role == Role::Owner {
                finish_keys(&opened.household.open(&opened.who, &person.id)?)?;
            }
        }
        return Ok(Ended::Done);
    }
    let person = owned(&opened, config)?;
    opened.household.record(&person.id, &opened.event(Act::RoleRemoved).with("to", &member.name))?;
    opened.household.take(&opened.who, &person.id, &member.id, &|_| {})?;
    eprintln!("{} may not open {} any more.", member.name, possessive(&person));
    if member.id != opened.who.member.id {
        finish_keys(&opened.household.open(&opened.who, &person.id)?)?;
    }
    Ok(Ended::Done)
}

fn role(config: &Config, args: &RoleArgs) -> Result<Ended> {
    let grant = grant(args.role, &args.bounds)?;
    let opened = open(config)?;
    let person = owned(&opened, config)?;
    let member = named(&opened, &args.name)?;
    let known = opened.household.access(&opened.who, &person.id)?.iter().any(|a| a.member.id == member.id && !a.grant.is_over());
    if !known {
        let words =
            format!("{} has no role on {}. Nothing was changed. \"keepwell member add\" gives one.", member.name, possessive(&person));
        return Err(Error::new(Kind::NotFound, words));
    }
    opened.household.record(&person.id, &grant.noted(opened.event(Act::RoleChanged)).with("to", &member.name))?;
    opened.household.give(&opened.who, &person.id, &member.id, &grant)?;
    eprintln!("{} is {} of {} from now on.", member.name, grant.role.slug(), possessive(&person));
    Ok(Ended::Done)
}
