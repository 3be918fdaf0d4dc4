//! Words that tell of a kind, and the turns of speech in which the same words tell of something else.
//!
//! A text is folded first: lower case, no accents, everything but letters and digits a single blank. A term with a blank
//! after it is a whole word, one without is the beginning of one, and one that begins with `*` is its end. A word within
//! one of the [`TRAPS`] does not count.

use super::Sensitive::{self, Genetics, Hiv, MentalHealth, ReproductiveHealth, SexualHealth, SubstanceUse};
use super::SensitiveSet;
use super::drugs::DRUGS;
use aho_corasick::AhoCorasick;
use std::cell::RefCell;
use std::sync::LazyLock;

#[rustfmt::skip]
const TERMS: &[(&[Sensitive], &[&str])] = &[
    (&[MentalHealth], &[
        "mental ", "mentally ", "psych", "antipsych", "neuropsych", "depress", "antidepress", "dysthymi", "cyclothymi", "bipolar ",
        "mania ", "manic ", "hypomani", "anxi", "panic ", "*phobia ", "obsessive", "compulsi", "ocd ", "ptsd ", "post traumatic stress",
        "posttraumatic stress", "traumatic stress", "stress ", "schizo", "delusion", "hallucinat", "paranoi", "suicid", "self harm",
        "self injur", "self mutilat", "selfharm", "phq ", "phq2 ", "phq9 ", "gad 2 ", "gad 7 ", "gad7 ", "edinburgh postnatal", "epds ",
        "mood ", "emotional", "behavioral health", "behavioural health", "behavioral disorder", "behavioural disorder",
        "behavior disorder", "behavioral therapy", "behavioural therapy", "cognitive therapy", "adjustment disorder",
        "personality disorder", "conduct disorder", "oppositional defiant", "eating disorder", "anorexia", "bulimi", "binge eating",
        "adhd ", "attention deficit", "hyperkinetic disorder", "autis", "asperger", "dementia", "alzheimer", "delirium", "cognitive impair",
        "intellectual disab", "developmental disorder", "developmental disab", "developmental delay", "dyslex", "tourette", "tic disorder",
        "electroconvulsive", "insomnia", "grief", "bereave", "burnout", "nightmare", "somatoform", "somatization", "conversion disorder",
        "dissociative", "gender dysphori", "loneliness", "social isolation", "domestic violence", "partner violence", "abuse", "violence",
        "neurosis", "neurotic", "nervous breakdown", "borderline personality", "counseling for trauma", "childhood trauma",
        // es, pt, it
        "depresiv", "depresion", "ansiedad", "ansiedade", "trastorno mental", "trastorno bipolar", "esquizofren", "salud mental",
        "saude mental", "salute mentale", "psiquiatr", "psicolog", "psicosis", "psicose", "psicosi", "psicoterap", "suicidi", "demencia", "demenza",
        "depressao", "depressiv", "ansia ", "ansios", "autolesi",
        // fr
        "sante mentale", "anxiete", "anxieux", "anxieuse", "trouble bipolaire", "bipolaire", "demence", "trouble du comportement", "tentative de suicide",
        // de, nl, sv
        "angst", "seelisch", "schizophren", "zwangsstorung", "essstorung", "selbstverletz", "selbstmord", "suizid", "demenz", "dementie",
        "schlafstorung", "belastungsstorung", "manisch", "geestelijk", "zelfmoord", "sjalvmord", "angest",
    ]),
    (&[SubstanceUse], &[
        "alcohol", "etoh ", "ethanol", "drunk", "drinks per ", "drinks a ", "binge drink", "heavy drink", "drinking problem", "problem drink",
        "standard drinks", "intoxicat", "inebriat", "audit c ", "audit score", "cage questionnaire", "dast 10 ", "dast ", "tobacco", "smok",
        "cigar", "nicotin", "vape ", "vapes ", "vaping", "e cig", "pack years", "pack year ", "packs per day", "snuff ", "opioid", "opiate",
        "heroin", "cocain", "methamphet", "methylenedioxy", "mdma ", "ecstasy", "lsd ", "hallucinogen", "cannabi", "marijuana", "marihuana",
        "tetrahydrocannabinol", "thc ", "benzodiazepine abuse", "substance use", "substance abus", "substance misuse", "substance related",
        "substance depend", "substance disorder", "substance induced", "substances of abuse", "psychoactive", "addict", "drug abus", "drug misuse",
        "drug use ", "drug user", "drug addict", "drug depend", "drug habit", "drug screen", "drug test", "drugs of abuse", "injection drug",
        "intravenous drug", "injecting drug", "iv drug", "illicit", "recreational drug", "street drug", "misuses drug", "overdose", "detox",
        "sober ", "sobriety", "withdrawal symptom", "withdrawal syndrome", "withdrawal scale", "toxicology", "alcoholics anonymous",
        "narcotics anonymous", "korsakoff", "wernicke", "inhalant", "glue sniff", "fentanyl abuse",
        // es, pt, it
        "alcoholism", "tabaco", "tabaqu", "fumador", "fumadora", "fuma ", "drogas", "drogadic", "toxicoman", "adiccion", "cocaina", "eroina", "tabagism",
        "fumatore", "fumatrice", "tossicodipend", "alcol", "alcolism", "dependencia de sustancias", "alcoolism", "alcool", "fumante",
        // fr
        "alcoolique", "tabac", "tabagi", "fumeur", "fumeuse", "toxicomanie", "drogue", "dependance aux",
        // de, nl, sv
        "alkohol", "tabak", "raucher", "nikotin", "drogen", "sucht", "abhangigkeit", "entzugs", "opiat", "verslav", "roker ", "rookt ", "missbruk",
    ]),
    (&[ReproductiveHealth], &[
        "pregnan", "gravid", "primigravid", "multigravid", "nulligravid", "multipar", "nullipar", "primipar", "*gravida ", "abortion", "aborted pregnan", "abortus",
        "miscarr", "stillb", "live birth", "birth control", "contracep", "intrauterine", "iud ", "family planning", "sterilization",
        "sterilisation", "tubal ligation", "vasectom", "infertil", "fertility", "ivf ", "in vitro fert", "inseminat", "prenatal", "antenatal",
        "perinatal", "postnatal", "postpartum", "post partum", "antepartum", "peripartum", "puerper", "obstet", "gynec", "gynaec", "ob gyn ", "obgyn ",
        "midwi", "doula ", "menstr", "menses ", "menarch", "menopaus", "perimenopaus", "postmenopaus", "climacter", "amenorrh", "dysmenorrh",
        "menorrh", "metrorrh", "oligomenorrh", "endometri", "uterus", "uterin", "hysterect", "hysteroscop", "ovar", "oophor", "salping", "vagin", "vulv",
        "cervical cancer", "cervical cytol", "cervical smear", "cervix", "pap smear", "pap test", "papanicolaou", "colposcop", "cesarean",
        "caesarean", "c section", "labor and delivery", "labour and delivery", "episiotom", "lactation", "lactating", "breastfe", "breast feed", "fetal ",
        "fetus", "foetal", "foetus", "amnio", "placent", "eclampsi", "preeclampsi", "gestation", "embryo", "hcg ", "choriogonadotropin",
        "chorionic gonadotropin", "semen ", "sperm", "azoosperm", "hypogonad", "blighted ovum", "fibroid", "last menstrual", "estimated date of delivery",
        "date of last period", "parity ", "polycystic ov", "pcos ",
        // es, pt, it
        "embaraz", "anticoncep", "aborto", "obstetri", "ginecolog", "menstruac", "parto ", "gravidez", "gravidanza", "incinta", "mestruaz", "contraccett",
        // fr
        "grossesse", "enceinte ", "avortement", "fausse couche", "accouche", "sterilet", "regles ",
        // de, nl, sv
        "schwanger", "verhutung", "fehlgeburt", "entbindung", "geburtshilf", "gynakolog", "frauenheilkunde", "menstruat", "wechseljahr", "gebarmutter",
        "eierstock", "zwanger", "anticoncept", "miskraam", "bevalling", "gynaecolog", "havande",
    ]),
    (&[SexualHealth], &[
        "sexual", "heterosexual", "homosexual", "bisexual", "asexual", "transsexual", "transgender", "gender identity", "gender dysphori", "gender incongru",
        "lesbian", "gay ", "unprotected sex", "safe sex", "safer sex", "condom", "sti ", "stis ", "std ", "stds ", "venereal", "chlamydia", "gonorr", "gonococc",
        "syphili", "treponem", "rpr ", "vdrl ", "fta abs", "herpes", "hsv ", "hsv1 ", "hsv2 ", "genital", "anogenital", "urogenital", "trichomon", "condylom", "chancroid",
        "lymphogranuloma", "papilloma", "hpv ", "9vhpv ", "hpv9 ", "pelvic inflammatory", "bacterial vaginosis", "urethritis", "erectile", "impotence",
        "libido", "ejaculat", "dyspareuni", "orgasm", "pre exposure prophylaxis", "preexposure prophylaxis", "rape ", "raped ", "mpox ", "monkeypox",
        "human papill", "mycoplasma genit", "partner notification",
        "sifilis", "clamidia", "gonorrea", "sexuell", "seksue", "seksuel", "geschlechtskrank", "erektil", "sessual", "sexuel", "tripper",
    ]),
    (&[Genetics], &[
        "genetic", "cytogenetic", "pharmacogen", "gene ", "genes ", "genom", "genotyp", "exome", "germline", "germ line", "karyotyp", "chromosom", "trisom",
        "monosom", "mutation", "mutated ", "polymorphism", "allele", "homozyg", "heterozyg", "haplotyp", "hereditary", "inherited", "carrier screen",
        "carrier status", "carrier test", "carrier of", "brca", "lynch syndrome", "huntington", "cystic fibrosis", "cftr ", "sickle", "thalass", "hemophil",
        "haemophil", "down syndrome", "down s syndrome", "marfan", "ehlers danlos", "factor v leiden", "prothrombin g20210a", "muscular dystroph",
        "duchenne", "tay sachs", "phenylketon", "fragile x", "turner syndrome", "turner s syndrome", "klinefelter", "neurofibromatos", "tuberous sclerosis",
        "hemochromatos", "haemochromatos", "familial hypercholesterol", "familial adenomatous", "alpha 1 antitrypsin", "polycystic kidney", "mthfr ",
        "apoe ", "apo e ", "hla ", "cyp2", "cyp3", "tpmt ", "slco1b1 ", "dpyd ", "dna sequenc", "dna analys", "dna test", "dna fingerprint", "microarray", "23andme", "ancestrydna",
        "genetica", "genetik", "genetisch", "genetique", "erblich", "erbkrank", "erfelijk", "hereditari", "hereditair", "ereditari", "cromosom", "arftlig",
    ]),
    (&[Hiv], &[
        "hiv ", "hiv1 ", "hiv2 ", "hiv 1", "human immunodeficiency", "immunodeficiency virus", "aids ", "acquired immune defic", "acquired immunodefic",
        "antiretrovir", "anti retrovir", "haart ", "cd4 ", "p24 ", "viral load", "pre exposure prophylaxis", "preexposure prophylaxis",
        "vih ", "vih1 ", "sida ", "inmunodeficiencia humana", "immunodeficience humaine", "immundefizienz virus", "humane immundefizienz",
    ]),
];

/// Other things that go by the same words, written as the terms are.
#[rustfmt::skip]
const TRAPS: &[&str] = &[
    // mental health
    "st depression", "st t depression", "st segment depression", "segment depression", "depression of st", "depression of the st", "j point depression",
    "pr depression", "respiratory depression", "respiration depress", "respiratory depress", "depressed respirat", "bone marrow depression", "marrow depression",
    "myocardial depression", "cardiac depression", "cns depression", "cns depressant", "central nervous system depress", "immune depression",
    "depressed fracture", "depressed skull", "tongue depress", "depressed fontanel", "depressed reflex", "depressed ejection", "depressed lv", "depressed left ventric",
    "abuse deterrent", "mental foramen", "mental nerve", "mental protuber", "mental spine", "mental artery", "mental region",
    "bipolar caut", "bipolar electrocaut", "bipolar coag", "bipolar diatherm", "bipolar hemiarthro", "bipolar hip", "bipolar forceps", "bipolar lead",
    "bipolar pac", "bipolar electrod", "bipolar prosth", "bipolar radiofreq", "bipolar sens", "bipolar limb",
    "stress test", "stress echo", "stress fracture", "stress incontinence", "stress urinary", "stress ulcer", "stress dose", "stress mri", "stress myocard",
    "stress perfusion", "stress imaging", "stress ecg", "stress ekg", "stress electro", "cardiac stress", "nuclear stress", "oxidative stress", "exercise stress",
    "stress view", "stress xray", "stress x ray", "shear stress", "respiratory stress", "stress cardio", "stress hyperglyc", "stress thallium", "stress reaction of bone",
    "angstrom", "conversion disorder of", "photophobia ", "hydrophobia ", "lithium battery", "lithium ion", "lithium heparin",
    // substance use
    "alcohol swab", "alcohol pad", "alcohol prep", "alcohol wipe", "isopropyl alcohol", "benzyl alcohol", "cetyl alcohol", "stearyl alcohol", "cetostearyl alcohol",
    "polyvinyl alcohol", "lanolin alcohol", "wool alcohol", "alcohol free", "alcohol based", "alcohol gel", "alcohol 70", "non alcoholic", "smoke detector",
    "smoke alarm", "smoke inhalation", "non alcohol", "insulin overdose", "toxicology of metal", "tobacco mosaic", "food intoxicat", "water intoxicat", "cigar shaped",
    "snuff box", "naloxone free", "detoxification enzyme",
    // reproductive health
    "fetal hemoglobin", "fetal haemoglobin", "placental alkaline", "placental growth", "intrauterine growth factor", "sterilization of instrument",
    "sterilization of equipment", "instrument sterilization", "cervical spine", "embryonic antigen", "carcinoembryonic", "ovarian drill", 
    "sperm whale", "menstrual pad", "amniotic membrane graft", "ovary acting", "estrogen receptor", "progesterone receptor", "estradiol receptor",
    // sexual health
    "std dev", "std error", "std deviation", "std view", "chlamydia pneumon", "chlamydophila", "herpes zoster", "herpes labial", "herpes gestat", "sti technol",
    "herpetic stomat", "human papilloma of larynx", "intradermal papilloma", "skin papilloma", "non sexual",
    "rabies pre exposure", "pre exposure prophylaxis for rabies", "rabies preexposure", "condominium",
    // genetics
    "genetically modified food", "hcv genotype", "hepatitis c genotype", "hepatitis c virus genotype", "virus genotype", "viral genotype", "hpv genotype",
    "genotype of virus", "mcv mutation", "virus mutation", "hla comp",
    // HIV
    "hearing aids", "walking aids", "mobility aids", "visual aids", "vision aids", "sleep aids", "memory aids", "first aids", "decision aids", "ambulation aids",
    "transfer aids", "teaching aids", "communication aids", "low vision aids", "assistive aids", "bathroom aids",
    "orthopedic aids", "digestive aids", "hepatitis c viral load", "hcv viral load", "hepatitis b viral load", "hbv viral load", "covid viral load", "sars cov 2 viral load",
    "cmv viral load", "ebv viral load", "nirmatrelvir ritonavir", "nirmatrelvir and ritonavir", "nirmatrelvir with ritonavir", "ritonavir boosted nirmatrelvir", "ritonavir 100 mg oral tablet pack",
];

struct Words {
    automaton: AhoCorasick,
    /// What each pattern tells; `None` is a trap.
    kinds: Vec<Option<SensitiveSet>>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut patterns = Vec::new();
    let mut kinds = Vec::new();
    for (of, terms) in TERMS.iter().chain(DRUGS) {
        for term in *terms {
            patterns.push(term.strip_prefix('*').map_or_else(|| format!(" {term}"), str::to_owned));
            kinds.push(Some(SensitiveSet::of(of)));
        }
    }
    for trap in TRAPS {
        patterns.push(format!(" {trap}"));
        kinds.push(None);
    }
    let automaton = AhoCorasick::builder().kind(Some(aho_corasick::AhoCorasickKind::DFA)).build(&patterns);
    Words { automaton: automaton.expect("the terms are few and short"), kinds }
});

/// As [`of`], for the many short strings of records that say the same each time ("official", "final", a code): told once
/// and remembered, exactly as they read.
pub(super) fn of_short(text: &str) -> SensitiveSet {
    // Dates and numbers, of which records are full, are no words.
    if text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'-' | b':' | b'.' | b'+' | b'T' | b'Z')) {
        return SensitiveSet::NONE;
    }
    if text.len() > LONGEST_REMEMBERED {
        return of(text);
    }
    thread_local! {
        static REMEMBERED: RefCell<Vec<(Short, SensitiveSet)>> = const { RefCell::new(Vec::new()) };
    }
    let short = Short::of(text);
    let slot = short.slot();
    REMEMBERED.with_borrow_mut(|remembered| {
        if remembered.is_empty() {
            remembered.resize(REMEMBERED_MOST, (Short::of(""), SensitiveSet::NONE));
        }
        match remembered.get_mut(slot) {
            Some((known, kinds)) if *known == short => *kinds,
            Some(place) => {
                *place = (short, of(text));
                place.1
            }
            None => of(text),
        }
    })
}

/// Short strings that are remembered at a time in one thread, and the longest of them in bytes.
const REMEMBERED_MOST: usize = 512;
const LONGEST_REMEMBERED: usize = 23;

/// A short string, held where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Short([u8; LONGEST_REMEMBERED + 1]);

impl Short {
    /// The bytes, then their number. The text is no longer than [`LONGEST_REMEMBERED`].
    fn of(text: &str) -> Self {
        let mut out = [0; LONGEST_REMEMBERED + 1];
        out[..text.len()].copy_from_slice(text.as_bytes());
        out[LONGEST_REMEMBERED] = text.len() as u8;
        Self(out)
    }

    fn slot(&self) -> usize {
        let mut hash = 0_u64;
        for eight in self.0.chunks_exact(8) {
            let eight = eight.try_into().map_or(0, u64::from_le_bytes);
            hash = (hash.rotate_left(5) ^ eight).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
        (hash >> 32) as usize % REMEMBERED_MOST
    }
}

/// The kinds that the words of a text tell of.
pub(super) fn of(text: &str) -> SensitiveSet {
    thread_local! {
        static FOLDED: RefCell<String> = const { RefCell::new(String::new()) };
    }
    FOLDED.with_borrow_mut(|folded| {
        fold(text, folded);
        let found = scan(folded);
        // A long document is no reason to keep its memory.
        if folded.capacity() > 1 << 16 {
            *folded = String::new();
        } else {
            folded.clear();
        }
        found
    })
}

fn scan(folded: &str) -> SensitiveSet {
    // Most texts tell of nothing, and to see that takes a fraction of the time.
    if !WORDS.automaton.is_match(folded) {
        return SensitiveSet::NONE;
    }
    let mut found = SensitiveSet::NONE;
    let mut told: Vec<(usize, usize, SensitiveSet)> = Vec::new();
    let mut traps: Vec<(usize, usize)> = Vec::new();
    for hit in WORDS.automaton.find_overlapping_iter(folded) {
        match WORDS.kinds[hit.pattern().as_usize()] {
            Some(kinds) => told.push((hit.start(), hit.end(), kinds)),
            None => traps.push((hit.start(), hit.end())),
        }
    }
    for (start, end, kinds) in told {
        // The blank after a whole word is not part of it.
        let end = end - usize::from(folded.as_bytes()[end - 1] == b' ');
        if !traps.iter().any(|(from, to)| *from <= start && end <= *to) {
            found.add(kinds);
        }
    }
    found
}

/// Lower case, without accents; what is no letter and no digit is one blank, and one stands at either end.
fn fold(text: &str, out: &mut String) {
    out.clear();
    out.reserve(text.len() + 2);
    out.push(' ');
    let mut blank = true;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
            blank = false;
        } else if !c.is_ascii() && c.is_alphanumeric() {
            out.extend(c.to_lowercase().map(crate::record::plain));
            blank = false;
        } else if !blank && !is_mark(c) {
            out.push(' ');
            blank = true;
        }
    }
    if !blank {
        out.push(' ');
    }
}

/// Accents that stand by themselves, soft hyphens, and signs of no width.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}
