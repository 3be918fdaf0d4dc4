//! Help: Security. Who might want in and what stands in their way; then each line of the checklists that Keepwell is measured by,
//! with the test that holds it or the reason why it is done otherwise.

use maud::{Markup, html};

/// How a line is met.
#[derive(Clone, Copy, Debug)]
pub enum Met {
    /// By tests of these names.
    Tested(&'static [&'static str]),
    /// Otherwise than the line says, or not at all, for this reason.
    Otherwise(&'static str),
}

use Met::{Otherwise, Tested};

/// A line: its number in the standard, what it asks for, how it is met.
pub type Line = (&'static str, &'static str, Met);

/// ONC §170.315(d), privacy and security.
pub const ONC: &[Line] = &[
    (
        "(d)(1)",
        "Who you are is proven, and what you may do is limited",
        Tested(&["every_route_for_every_role_with_every_id", "roles_are_given_changed_and_taken"]),
    ),
    (
        "(d)(2)",
        "What is done is recorded, and tampering is detected",
        Tested(&[
            "who_and_from_where_stand_in_every_entry",
            "every_address_writes_what_the_table_says",
            "every_tampering_is_found_and_named",
        ]),
    ),
    (
        "(d)(3)",
        "Reports of what was recorded, sorted and filtered",
        Tested(&["the_log_is_narrowed_by_who_what_and_when", "the_page_the_table_and_the_check"]),
    ),
    (
        "(d)(4)",
        "Amendments",
        Otherwise(
            "A record is kept as its source gave it. You ask the source to amend it; the corrected record then stands first, and the older version is kept beside it.",
        ),
    ),
    ("(d)(5)", "Locks by itself, and asks again", Tested(&["a_chart_left_alone_locks_and_what_was_typed_is_kept"])),
    ("(d)(6)", "Emergency access", Tested(&["the_contact_asks_waits_and_reads"])),
    ("(d)(7)", "Encryption on the device", Tested(&["nothing_plain_from_the_server", "nothing_plain_from_the_command_line"])),
    ("(d)(8)", "Integrity (SHA-2)", Tested(&["check_finds_what_was_changed_on_the_disk"])),
    (
        "(d)(9)",
        "Trusted connection",
        Tested(&[
            "a_certificate_of_its_own_is_made_once_and_kept_to_the_owner",
            "a_certificate_of_ones_own_is_used_and_browsers_may_insist_on_it",
        ]),
    ),
    (
        "(d)(10)",
        "Every action on health information is recorded",
        Tested(&[
            "every_address_writes_what_the_table_says",
            "every_request_is_in_the_log_and_a_token_ends",
            "a_look_that_cannot_be_written_does_not_happen",
        ]),
    ),
    ("(d)(11)", "To whom something was given", Tested(&["a_stopped_link_is_gone_with_its_files", "the_page_the_table_and_the_check"])),
    (
        "(d)(12)",
        "Passphrases and keys are kept encrypted",
        Tested(&["stock_tools_recover_everything", "a_token_reads_while_nobody_is_signed_in"]),
    ),
    ("(d)(13)", "A second factor", Tested(&["half_signed_in_reaches_no_page", "a_code_counts_once_and_its_step_never_again"])),
];

/// OWASP ASVS 5.0, level 2: the lines that matter most here.
pub const ASVS: &[Line] = &[
    ("6.2.1", "A passphrase of 15 characters or more", Tested(&["a_passphrase_changes_with_the_old_one_and_the_second_factor"])),
    ("6.2.4", "None of the commonest", Tested(&["short_common_and_known_ones_are_refused"])),
    (
        "6.3.1",
        "Guessing is slowed down",
        Tested(&[
            "a_thousand_wrong_passphrases_side_by_side_get_five_looks_also_over_a_restart",
            "a_thousand_wrong_codes_side_by_side_get_five_looks",
        ]),
    ),
    ("6.3.2", "No default accounts", Tested(&["the_first_run_needs_its_code_and_happens_once"])),
    (
        "6.3.3",
        "A second factor",
        Otherwise(
            "It is offered, and strongly advised, not forced: a household on one machine at home may do without. Once it is on, no way around it is left on the web.",
        ),
    ),
    ("6.4.3", "A lost passphrase is no way around it", Tested(&["a_lost_passphrase_takes_the_key_and_a_code"])),
    ("6.5.1", "Codes work once", Tested(&["a_code_counts_once_and_its_step_never_again", "recovery_codes_let_in_once_each"])),
    (
        "6.5.5",
        "A code of an app is good for 30 seconds",
        Otherwise("The step before and the one after are taken too, since clocks of phones differ. Each still works once."),
    ),
    (
        "7.2.3",
        "Session tokens of 128 bits or more (256 here)",
        Tested(&["sign_in_cookie_and_the_way_back", "forged_cookies_and_other_methods"]),
    ),
    ("7.2.4", "A new one at each sign-in", Tested(&["sign_in_cookie_and_the_way_back"])),
    ("7.3.1", "Ends when idle", Tested(&["a_chart_left_alone_locks_and_what_was_typed_is_kept"])),
    ("7.3.2", "Ends after a time in any case (12 hours)", Tested(&["sessions_end_in_any_case"])),
    ("7.4.1", "Signing out ends it on the server", Tested(&["a_chart_is_closed_when_the_last_one_signs_out"])),
    (
        "7.4.3",
        "Other sessions end when a factor changes",
        Tested(&["an_app_counts_from_its_first_code_and_a_change_ends_the_other_sessions"]),
    ),
    (
        "7.5.1",
        "Asks again before what matters most",
        Tested(&["a_proof_goes_stale_and_what_was_typed_is_kept", "what_changes_members_asks_again_who_it_is"]),
    ),
    (
        "7.5.2",
        "Sessions are listed, and can be ended",
        Tested(&["sessions_are_listed_and_ended", "known_browsers_are_listed_and_forgotten_one_by_one"]),
    ),
    (
        "8.2.2",
        "No record by guessing its number",
        Tested(&["every_route_for_every_role_with_every_id", "a_record_out_of_scope_answers_like_none_in_body_and_in_time"]),
    ),
    ("8.4.1", "No way from one person’s chart to another’s", Tested(&["every_route_for_every_role_with_every_id"])),
    ("3.2.1", "Files of others never run", Tested(&["shown on every page, they do nothing"])),
    (
        "3.3.3",
        "Cookies bound to this server (__Host-)",
        Tested(&["under_tls_the_cookie_is_bound_to_the_host_and_the_prefix_is_everywhere"]),
    ),
    ("3.3.4", "Cookies out of reach of scripts", Tested(&["sign_in_cookie_and_the_way_back"])),
    ("3.4.3", "A content security policy without inline script", Tested(&["every_answer_carries_the_headers"])),
    ("3.4.5", "Other sites are not told where you come from", Tested(&["every_answer_carries_the_headers"])),
    ("3.5.1", "Other sites cannot act in your name", Tested(&["other_sites_and_foreign_names_change_nothing"])),
    ("1.5.1", "No external entities", Tested(&["every_hostile_file_meets_its_fate"])),
    ("5.2.2", "Files are told apart by what is in them", Tested(&["every_hostile_file_meets_its_fate"])),
    ("5.2.3", "Bounds before anything is unpacked", Tested(&["each_limit_keeps_something_out", "every_hostile_file_meets_its_fate"])),
    ("5.3.2", "No name of a file becomes a path", Tested(&["every_hostile_file_meets_its_fate"])),
    ("1.3.6", "Asks no other server that somebody names", Tested(&["nothing_is_sent_away"])),
    ("10.2.1, 10.2.2", "Signing in at other servers", Otherwise("Keepwell signs in nowhere else: it makes no connection of its own.")),
    ("4.1.3", "A forged address is not believed", Tested(&["forwarded_addresses_are_believed_from_proxies_only"])),
    ("11.3.3", "Encryption that notices changes", Tested(&["check_finds_what_was_changed_on_the_disk"])),
    (
        "11.4.2",
        "Passphrases are slow to guess (scrypt, N 2^17)",
        Tested(&["stock_tools_recover_everything", "who_finds_the_queue_full_is_told_so_and_the_memory_stays_bounded"]),
    ),
    ("14.2.1", "Nothing sensitive in addresses", Tested(&["words_typed_into_search_never_stand_in_an_address"])),
    (
        "14.2.1",
        "The same for programs",
        Otherwise(
            "A program that searches the FHIR server writes what it looks for into the address, as the standard has it. Keepwell’s own log leaves it out; the examples for proxies turn their logs off.",
        ),
    ),
    ("14.3.2", "Pages are not kept by the browser", Tested(&["every_answer_carries_the_headers"])),
    ("16.2.5", "No secret and no health data in logs", Tested(&["nothing_plain_from_the_server"])),
    ("16.3.2", "Refusals are recorded", Tested(&["denied_attempts_are_told", "a_wrong_passphrase_is_told_to_the_charts_it_was_for"])),
    (
        "16.4.2",
        "Logs cannot be altered unnoticed",
        Tested(&["every_tampering_is_found_and_named", "a_cut_off_end_is_found_also_after_the_log_has_gone_on"]),
    ),
];

/// Mistakes that others have made, each tried here.
pub const PEERS: &[Line] = &[
    ("1", "One person’s records on another’s page", Tested(&["every_route_for_every_role_with_every_id"])),
    ("2", "A half-joined member acts", Tested(&["an_invite_from_the_link_to_the_chart", "every_route_for_every_role_with_every_id"])),
    (
        "2",
        "Who was taken off comes back by an invite of their own",
        Tested(&["an_invite_ends_with_the_ownership_of_who_made_it", "who_is_taken_off_leaves_no_open_link_behind_unless_that_is_wished"]),
    ),
    (
        "3",
        "A token lives on after it was withdrawn",
        Tested(&["every_request_is_in_the_log_and_a_token_ends", "a_stopped_link_is_gone_with_its_files"]),
    ),
    (
        "4",
        "A secret in an address",
        Tested(&["refusals_are_outcomes_and_nobody_elses_way_in", "words_typed_into_search_never_stand_in_an_address"]),
    ),
    ("5", "A provider’s address that leads inside", Tested(&["nothing_is_sent_away"])),
    ("6", "An archive that writes elsewhere", Tested(&["every_hostile_file_meets_its_fate"])),
    ("7", "Script in an imported document or picture", Tested(&["shown on every page, they do nothing"])),
    ("8", "SQL in a sort parameter", Tested(&["refusals_are_outcomes_and_nobody_elses_way_in"])),
    (
        "9",
        "Tries side by side beat the limit",
        Tested(&["tries_side_by_side_cannot_beat_the_wait", "a_hundred_wrong_passcodes_at_once_use_exactly_the_cap"]),
    ),
];

/// Who, what stands in their way, what does not.
const THREATS: &[(&str, &str)] = &[
    (
        "Somebody steals the disk or a backup",
        "All records, files and keys are encrypted. Without a passphrase, a recovery key or a token they read: who the members are, how many files there are, and when they changed. Nothing about health. If the server unlocks itself at boot, its key must be sealed to the machine, or the thief of the whole machine gets in.",
    ),
    (
        "A file that means harm",
        "Readers have bounds, PDFs are read by a program apart, and what a file says is cleaned before it is shown, in a frame that can run and load nothing. What it claims is not checked: a forged result looks like a real one. Each record says which file it came from.",
    ),
    (
        "A curious relative",
        "Each chart opens for its own members only, by keys and not by a list alone. Sensitive kinds stay out of a viewer’s sight unless you tick them. Every look is in the activity log. Somebody who knows your passphrase and holds your phone is you.",
    ),
    (
        "Somebody you have parted from",
        "Take them off the chart: they are out from the next click on, and the chart gets new keys. Invites that they made end with that, and so do the links that they made, unless you untick it. What they have read, printed or saved before stays with them. Change your passphrase if they may know it, forget the browsers that they used, and stop the links that you gave them.",
    ),
    (
        "A link that gets into other hands",
        "Give links a passcode and an end. Wrong passcodes are counted and end the link. Each opening is in the log, and you can stop a link at any time; what was saved from it stays saved.",
    ),
    (
        "A machine that tries passphrases",
        "After five wrong tries each further one waits, up to a quarter of an hour, however many come at once. Common passphrases are refused. Your own browser keeps its own tries, so that nobody can lock you out.",
    ),
    (
        "A page that pretends to be yours",
        "A passkey works on the real address only, so a false page gets nothing with it. A code from an app can be passed on by a false page at once: look at the address line. What matters most asks again, and the list of sessions shows a stranger.",
    ),
    (
        "A program that encrypts your disk for ransom",
        "It can destroy the vault and every backup that it can reach. Keep a backup where this machine cannot write: a disk in a drawer. Each backup is one encrypted file.",
    ),
    (
        "You lose your passphrase",
        "The recovery key on paper opens everything. Without both, nobody can read the records again, and nobody can help.",
    ),
    (
        "You can no longer act",
        "A trusted contact whom you have named asks, waits, and then reads. Somebody with a role of their own goes on at once. A recovery key in a sealed envelope, or with a notary, opens the rest.",
    ),
];

/// What Keepwell cannot guard against.
const BEYOND: &[&str] = &[
    "Somebody who is root on the running server while a chart is open: the keys are in its memory then.",
    "A program on your own phone or computer that reads along, or somebody who looks over your shoulder.",
    "What the provider, the lab or the insurer keeps of you themselves.",
    "Who talks with whom on the network, and when: an observer sees that, encrypted or not.",
];

pub(crate) fn page() -> Markup {
    html! {
        h2 { "What you can do" }
        ul {
            li { "Take a long passphrase, and use it nowhere else. Common ones and names are refused." }
            li { "Turn on a second factor: Settings, Sign-in and keys." }
            li { "Before members, keys, shares and a copy of everything, Keepwell asks again whether it is still you." }
            li { "Settings shows where you are signed in, and ends what you do not know. When a passphrase or factor changes, all other sessions end." }
            li { "Sign out on a computer that others use. A chart locks by itself after a while." }
            li { "Nothing about your health stands in an address line, so it is not in the browser’s history." }
        }
        h2 { "Who looked" }
        p { "Every look at a chart, every change, and everything that leaves it is written down before it happens, under Activity. What cannot be written down is not done. The entries hang together: if one is changed or removed, the check finds it. Whoever controls this server and its backups together could still write a whole new list." }
        h2 { "The trusted contact" }
        p { "An owner can name a member who may ask for access in an emergency. The owner is told at once and can refuse. The chart’s key lies ready, locked twice: with the contact’s own key and with one that only this server has. The server opens its lock after the wait. A clock that jumps shortens nothing, and while the server is off at most one day counts." }
        p { "The limit: a thief of the disk, or of a backup that holds the server’s key, who also knows the contact’s passphrase, would not have to wait. Name somebody whom you trust with that." }
        p { "If you think that somebody else knows your passphrase, change it under Settings, and tell the one who runs this server." }
        h2 { "Who might want in, and what stands in the way" }
        dl {
            @for (who, what) in THREATS { dt { (who) } dd { (what) } }
        }
        h2 { "What no program of this kind can guard against" }
        ul { @for what in BEYOND { li { (what) } } }
        h2 { "The checklists, line by line" }
        p { "For those who want to check. Each line is held by a test that comes with the source, or says what is done otherwise and why." }
        (list("ONC certification, §170.315(d)", ONC))
        (list("OWASP ASVS 5.0, level 2", ASVS))
        (list("Mistakes that others have made", PEERS))
    }
}

fn list(title: &str, lines: &[Line]) -> Markup {
    html! {
        h3 { (title) }
        ul.rows {
            @for (number, asks, met) in lines {
                li { div {
                    span.name { (number) " " (asks) }
                    @match met {
                        Tested(names) => span.sub { "Tested: " @for (n, name) in names.iter().enumerate() { @if n > 0 { ", " } code { (name) } } },
                        Otherwise(why) => span.sub { "Otherwise: " (why) },
                    }
                } }
            }
        }
    }
}
