//! Under which heading a test stands: by its LOINC code, for the tests that most charts hold; everything else is
//! "Other tests", in the order of the alphabet. A heading sorts; it never says anything about a value.

/// Headings in the order of the page.
pub const HEADINGS: [&str; 14] = [
    "Diabetes",
    "Kidneys",
    "Cholesterol",
    "Blood",
    "Clotting",
    "Salts and minerals",
    "Liver and protein",
    "Thyroid",
    "Iron and vitamins",
    "Heart and inflammation",
    "Hormones and prostate",
    "Infections",
    "Urine",
    "Other tests",
];

const OTHER: usize = HEADINGS.len() - 1;

/// The place in [`HEADINGS`] of a `system|code`.
pub fn section(code: Option<&str>) -> usize {
    let Some(code) = code.and_then(|c| c.strip_prefix("http://loinc.org|")) else { return OTHER };
    TESTS.iter().position(|codes| codes.split_ascii_whitespace().any(|c| c == code)).unwrap_or(OTHER)
}

/// LOINC codes of each heading.
const TESTS: [&str; 13] = [
    "4548-4 17856-6 59261-8 2345-7 2339-0 1558-6 2340-8 41653-7 14749-6 14771-0 27353-2 20448-7 1986-9 4549-2 15074-8",
    "2160-0 38483-4 33914-3 48642-3 48643-1 62238-1 77147-7 88293-6 88294-4 98979-8 69405-9 3094-0 6299-2 3097-3 14959-1 9318-7 32294-1 14682-9 22664-7 33863-2 50210-4 3091-6 14957-5 1754-1",
    "2093-3 2085-9 13457-7 18262-6 2089-1 2571-8 9830-1 43396-1 13458-5 1869-7 1871-3 1884-6 10835-7 14647-2 14646-4 39469-2 14927-8 22748-8 3043-7",
    "718-7 20570-8 4544-3 789-8 6690-2 26464-8 26453-1 26515-7 777-3 787-2 785-6 786-4 788-0 21000-5 30385-9 32623-1 28542-9 770-8 736-9 5905-5 713-8 706-2 751-8 731-0 742-7 711-2 704-7 26499-4 26474-7 26484-6 26449-9 26444-0 4679-7 17849-1 30428-7 30384-2 48705-8 38518-7 53115-2 71695-1 58413-6 14196-0",
    "5902-2 6301-6 34714-6 3173-2 14979-9 3255-7 48065-7 30240-6 3243-3 5894-1",
    "2951-2 2823-3 2075-0 2028-9 1963-8 17861-6 29265-6 19123-9 2777-1 24519-1 6298-4 2947-0 2069-3 20565-8 33037-3 1863-0 10466-1 41276-7 1995-0 2000-8 2601-3 14879-1",
    "1742-6 1920-8 6768-6 2324-2 1975-2 1968-7 1971-1 1751-7 2885-2 10834-0 1759-0 2532-0 14804-9 3084-1 1798-8 3040-3 14631-6 1743-4 30239-8 61151-7 2336-6",
    "3016-3 11580-8 11579-0 3024-7 3053-6 3051-0 3026-2 14920-3 14928-6 5385-0 8099-4 8098-6",
    "2276-4 2498-4 2500-7 2502-3 2505-6 14800-7 2132-9 2284-8 1989-3 62292-8 35365-6 2923-1 2243-4 14685-2 14732-2 3034-6",
    "1988-5 30522-7 4537-7 30341-2 10839-9 6598-7 67151-1 89579-7 33762-6 30934-4 42637-9 2157-6 13969-1 49563-0 71426-1 33959-8 48421-2 83107-3",
    "2857-1 83112-3 10886-0 2986-8 2991-8 15067-2 10501-5 2842-3 2143-6 21198-7 19080-1 2731-8 15432-8 20568-2",
    "94500-6 94558-4 94559-2 94309-2 94533-7 94531-1 94745-7 94534-5 92142-9 92141-1 94759-8 5196-1 5195-3 22322-2 16128-1 13955-0 7918-6 56888-1 75622-1 20507-0 22461-8 6349-5 43304-5 43305-2 11475-1 630-4 600-7 6463-4 11268-0 80382-5 80383-3",
    "5778-6 5803-2 5811-5 2965-2 5792-7 5804-0 5797-6 5802-4 5799-2 5794-3 5770-3 5821-4 13945-1 5808-1 20454-5 20505-4 20405-7 25428-4 50551-1 50552-9 50553-7 50554-5 50555-2 50556-0 50557-8 50558-6 50559-4 50560-2 50561-0 50562-8 50563-6 53525-2 57735-3 57734-6 32710-6 50544-6 5767-9 11277-1 5787-7 2514-8 1977-8 2349-9 2350-7 24356-8 24357-6",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_has_one_heading() {
        let mut seen = BTreeSet::new();
        for code in TESTS.iter().flat_map(|t| t.split_ascii_whitespace()) {
            assert!(seen.insert(code), "{code} stands twice");
            let (number, check) = code.split_once('-').expect("LOINC codes have a check digit");
            assert_eq!(check, check_digit(number).to_string(), "{code}");
        }
    }

    /// LOINC Users' Guide, "Check digit": modulus 10.
    fn check_digit(number: &str) -> u32 {
        let digits: Vec<u32> = number.chars().rev().filter_map(|c| c.to_digit(10)).collect();
        let odd: u64 = digits.iter().step_by(2).rev().fold(0, |n, d| n * 10 + u64::from(*d)) * 2;
        let even: u32 = digits.iter().skip(1).step_by(2).sum();
        let sum: u32 = odd.to_string().chars().filter_map(|c| c.to_digit(10)).sum::<u32>() + even;
        (10 - sum % 10) % 10
    }

    #[test]
    fn what_is_not_known_is_other() {
        assert_eq!(HEADINGS[section(Some("http://loinc.org|4548-4"))], "Diabetes");
        assert_eq!(HEADINGS[section(Some("urn:lab|4548-4"))], "Other tests");
        assert_eq!(HEADINGS[section(None)], "Other tests");
    }
}
