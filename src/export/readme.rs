//! The words that travel with a download.

use crate::record::{PartialDate, today};
use crate::vault::PersonInfo;

/// README.txt, with line ends that every system shows.
pub(super) fn text(person: &PersonInfo, originals: usize, everything: bool) -> String {
    let born = PartialDate::parse(&person.birth_date).map_or_else(|| person.birth_date.clone(), |d| d.words());
    let made = PartialDate::parse(&today()).map(|d| d.words()).unwrap_or_default();
    let kept = match (everything, originals) {
        (false, _) => "originals            Not here: only some dates or kinds were chosen, and a file\n\
             \x20                    cannot be cut. Download everything to have them.\n"
            .to_owned(),
        (true, 0) => String::new(),
        (true, n) => format!("originals            The {n} files that were imported, exactly as they came.\n"),
    };
    let words = format!(
        "Health records of {}, born {born}\n\
         Written by Keepwell on {made}\n\
         \n\
         THIS IS NOT ENCRYPTED. Anyone who has this file can read it. Keep it where you\n\
         keep other private papers, and delete it when you no longer need it.\n\
         \n\
         What is here\n\
         \n\
         index.html           Open this first. It reads in any browser, without a network.\n\
         tables               Tables for a spreadsheet, one for each kind of record.\n\
         records.fhir.json    Every record in the form that health programs read\n\
         \x20                    (HL7 FHIR R4). Keepwell reads it back without loss:\n\
         \x20                    keepwell import records.fhir.json\n\
         {kept}\
         \n\
         To open index.html, unpack the zip first. On most computers: right-click the\n\
         file and choose \"Extract all\" or \"Open with Archive Utility\".\n\
         \n\
         Records marked \"Entered in error\" or \"Not so\" are kept because your providers\n\
         wrote them. They are not things that you have.\n",
        person.name
    );
    words.replace('\n', "\r\n")
}
