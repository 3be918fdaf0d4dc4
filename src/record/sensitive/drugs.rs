//! Medicines that tell of a kind by their name alone: international names, and the brands that people know. Each is the
//! beginning of a word.

use super::Sensitive::{self, Hiv, MentalHealth, ReproductiveHealth, SexualHealth, SubstanceUse};

#[rustfmt::skip]
pub(super) const DRUGS: &[(&[Sensitive], &[&str])] = &[
    (&[MentalHealth], &[
        "sertralin", "zoloft", "fluoxetin", "prozac", "citalopram", "celexa", "escitalopram", "lexapro", "paroxetin", "paxil",
        "fluvoxamin", "venlafaxin", "effexor", "desvenlafaxin", "pristiq", "duloxetin", "cymbalta", "vortioxetin", "vilazodon",
        "mirtazapin", "remeron", "trazodon", "nefazodon", "amitriptylin", "nortriptylin", "imipramin", "clomipramin", "doxepin",
        "desipramin", "phenelzin", "tranylcypromin", "selegilin transdermal", "esketamin", "spravato", "brexanolon", "zuranolon",
        "lithium", "lithobid", "lamictal", "lurasidon", "latuda", "quetiapin", "seroquel", "olanzapin", "zyprexa", "risperidon",
        "risperdal", "paliperidon", "invega", "aripiprazol", "abilify", "brexpiprazol", "rexulti", "cariprazin", "vraylar",
        "ziprasidon", "geodon", "asenapin", "iloperidon", "lumateperon", "clozapin", "clozaril", "haloperidol", "haldol",
        "chlorpromazin", "fluphenazin", "perphenazin", "thioridazin", "trifluoperazin", "loxapin", "amisulprid", "sulpirid",
        "alprazolam", "xanax", "lorazepam", "ativan", "clonazepam", "klonopin", "diazepam", "valium", "chlordiazepoxid",
        "oxazepam", "temazepam", "restoril", "bromazepam", "buspiron", "hydroxyzin", "zolpidem", "ambien", "eszopiclon", "lunesta",
        "zaleplon", "zopiclon", "suvorexant", "daridorexant", "ramelteon", "methylphenidat", "ritalin", "concerta",
        "dexmethylphenidat", "lisdexamfetamin", "vyvanse", "atomoxetin", "strattera", "viloxazin", "donepezil", "aricept",
        "memantin", "namenda", "rivastigmin", "galantamin", "lecanemab", "donanemab", "agomelatin", "prazosin nightmare",
    ]),
    (&[MentalHealth, SubstanceUse], &["bupropion", "wellbutrin", "amphetamin", "amfetamin", "dextroamphetamin", "adderall"]),
    (&[SubstanceUse], &[
        "methadon", "buprenorphin", "suboxone", "subutex", "sublocade", "zubsolv", "naltrexon", "vivitrol", "naloxon", "narcan",
        "disulfiram", "antabus", "acamprosat", "campral", "vareniclin", "chantix", "zyban", "lofexidin", "nicorett", "nicoderm",
    ]),
    (&[ReproductiveHealth], &[
        "ethinyl estradiol", "ethinylestradiol", "levonorgestrel", "norethindron", "norethisteron", "norgestimat", "norgestrel",
        "desogestrel", "drospirenon", "etonogestrel", "norelgestromin", "dienogest", "medroxyprogesteron", "depo provera",
        "mirena", "kyleena", "liletta", "skyla", "paragard", "nexplanon", "implanon", "nuvaring", "ulipristal", "mifepriston",
        "misoprostol", "clomiphen", "clomifen", "follitropin", "menotropin", "cetrorelix", "ganirelix", "estradiol", "estrogen",
        "estriol", "progesteron", "raloxifen", "oxytocin", "carboprost", "dinoproston", "prenatal vitamin", "yasmin ", "yaz ",
    ]),
    (&[SexualHealth], &[
        "sildenafil", "viagra", "tadalafil", "cialis", "vardenafil", "levitra", "avanafil", "flibanserin", "bremelanotid",
        "alprostadil", "aciclovir", "acyclovir", "valaciclovir", "valacyclovir", "famciclovir", "imiquimod", "podofilox",
        "gardasil", "cervarix",
    ]),
    (&[Hiv], &[
        "emtricitabin", "tenofovir", "lamivudin", "zidovudin", "retrovir", "abacavir", "dolutegravir", "tivicay", "triumeq",
        "dovato", "juluca", "bictegravir", "biktarvy", "genvoya", "stribild", "complera", "odefsey", "atripla", "symtuza",
        "prezista", "prezcobix", "truvada", "descovy", "viread", "epzicom", "raltegravir", "isentress", "elvitegravir",
        "cabotegravir", "cabenuva", "apretude", "efavirenz", "sustiva", "rilpivirin", "edurant", "etravirin", "nevirapin",
        "doravirin", "pifeltro", "delstrigo", "darunavir", "atazanavir", "reyataz", "ritonavir", "lopinavir", "kaletra",
        "fosamprenavir", "nelfinavir", "saquinavir", "indinavir", "cobicistat", "maraviroc", "enfuvirtid", "fostemsavir",
        "lenacapavir", "sunlenca", "yeztugo", "ibalizumab", "stavudin", "didanosin",
    ]),
];
