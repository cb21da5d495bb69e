//! Where jobs stand, and what people there write in their own language.

use taskferry_profile::AiLevel::{self, H1, H2, H3, H4, H5};

/// A place of work.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    /// The name in ASCII, for task ids.
    pub(crate) slug: &'static str,
    /// Tasks that are written in the language of the place.
    pub(crate) local_tasks: &'static [LocalTask],
}

/// A task in another language than English. It belongs to the work all families share.
pub(crate) struct LocalTask {
    pub(crate) id: &'static str,
    pub(crate) text: &'static str,
    pub(crate) level: AiLevel,
    pub(crate) rationale: &'static str,
    /// The canonical task of [`TEAMWORK`](super::TEAMWORK) it belongs to.
    pub(crate) canonical_task: usize,
}

/// All places; most speak English.
pub(crate) const PLACES: &[Place] = &[
    place("Dublin", "dublin", &[]),
    place("Ghent", "ghent", &[]),
    place("Austin", "austin", &[]),
    place("Singapore", "singapore", &[]),
    place("Göteborg", "goteborg", &[]),
    place("São Paulo", "sao-paulo", &[]),
    place("Manchester", "manchester", &[]),
    place("München", "munchen", GERMAN),
    place("Zürich", "zurich", GERMAN),
    place("Besançon", "besancon", FRENCH),
    place("Montréal", "montreal", FRENCH),
    place("Kraków", "krakow", POLISH),
    place("Αθήνα", "athina", GREEK),
    place("東京", "tokyo", JAPANESE),
];

const fn place(name: &'static str, slug: &'static str, local_tasks: &'static [LocalTask]) -> Place {
    Place { name, slug, local_tasks }
}

const COORDINATE: usize = 0;
const MEETINGS: usize = 1;
const TRAIN: usize = 2;

const GERMAN: &[LocalTask] = &[
    LocalTask {
        id: "woechentliche-besprechung-protokollieren",
        text: "Wöchentliche Teambesprechung vorbereiten und Ergebnisse protokollieren",
        level: H1,
        rationale: "Weitgehend automatisierbar: Protokolle entstehen zuverlässig aus der Aufzeichnung.",
        canonical_task: MEETINGS,
    },
    LocalTask {
        id: "anfragen-des-betriebsrats-beantworten",
        text: "Anfragen des Betriebsrats beantworten und Fristen überwachen",
        level: H4,
        rationale: "Der Umgang mit dem Betriebsrat verlangt Fingerspitzengefühl; KI hilft bei der Fristenübersicht.",
        canonical_task: COORDINATE,
    },
    LocalTask {
        id: "auszubildende-betreuen",
        text: "Auszubildende betreuen und auf die Abschlussprüfung vorbereiten",
        level: H5,
        rationale: "Ausbildung lebt von Vorbild, Geduld und persönlichem Gespräch.",
        canonical_task: TRAIN,
    },
    LocalTask {
        id: "monatsbericht-zusammenstellen",
        text: "Monatsbericht für die Geschäftsführung zusammenstellen",
        level: H2,
        rationale: "Zahlen und Textbausteine stellt KI zusammen; eine kurze Prüfung genügt.",
        canonical_task: COORDINATE,
    },
];

const FRENCH: &[LocalTask] = &[
    LocalTask {
        id: "rediger-le-compte-rendu",
        text: "Rédiger le compte rendu de la réunion d'équipe et suivre les actions décidées",
        level: H1,
        rationale: "Tâche hautement automatisable : le compte rendu est généré à partir de l'enregistrement.",
        canonical_task: MEETINGS,
    },
    LocalTask {
        id: "accueillir-les-nouveaux-collegues",
        text: "Accueillir les nouveaux collègues et leur transmettre le savoir-faire de l'atelier",
        level: H5,
        rationale: "Le savoir-faire se transmet de personne à personne, par l'exemple.",
        canonical_task: TRAIN,
    },
    LocalTask {
        id: "coordonner-les-delais",
        text: "Coordonner les délais entre le siège, l'usine et les sous-traitants",
        level: H3,
        rationale: "L'outil repère les conflits de délais, mais les engagements s'obtiennent de vive voix.",
        canonical_task: COORDINATE,
    },
    LocalTask {
        id: "mettre-a-jour-le-tableau-de-bord",
        text: "Mettre à jour le tableau de bord du projet et signaler les écarts",
        level: H2,
        rationale: "La mise à jour est automatique ; seuls les écarts méritent une vérification humaine.",
        canonical_task: COORDINATE,
    },
];

const POLISH: &[LocalTask] = &[
    LocalTask {
        id: "sporzadzanie-protokolow",
        text: "Sporządzanie protokołów ze spotkań zespołu i śledzenie ustaleń",
        level: H1,
        rationale: "Zadanie w dużej mierze zautomatyzowane: protokół powstaje na podstawie nagrania.",
        canonical_task: MEETINGS,
    },
    LocalTask {
        id: "wdrazanie-nowych-pracownikow",
        text: "Wdrażanie nowych pracowników i przekazywanie im dobrych praktyk",
        level: H5,
        rationale: "Zaufanie i doświadczenie przekazuje się osobiście.",
        canonical_task: TRAIN,
    },
    LocalTask {
        id: "uzgadnianie-terminow",
        text: "Uzgadnianie terminów z podwykonawcami i centralą",
        level: H3,
        rationale: "Narzędzia wskazują opóźnienia, lecz zobowiązania ustalają ludzie.",
        canonical_task: COORDINATE,
    },
];

const GREEK: &[LocalTask] = &[
    LocalTask {
        id: "tirisi-praktikon",
        text: "Τήρηση πρακτικών στις συναντήσεις της ομάδας και παρακολούθηση των αποφάσεων",
        level: H1,
        rationale: "Σε μεγάλο βαθμό αυτοματοποιήσιμο: τα πρακτικά προκύπτουν από την ηχογράφηση.",
        canonical_task: MEETINGS,
    },
    LocalTask {
        id: "ekpaidefsi-neon-synadelfon",
        text: "Εκπαίδευση νέων συναδέλφων στις διαδικασίες του γραφείου",
        level: H5,
        rationale: "Η εμπειρία μεταδίδεται μόνο από άνθρωπο σε άνθρωπο.",
        canonical_task: TRAIN,
    },
    LocalTask {
        id: "syntonismos-prothesmion",
        text: "Συντονισμός προθεσμιών με τα κεντρικά και τους προμηθευτές",
        level: H3,
        rationale: "Τα εργαλεία εντοπίζουν τις καθυστερήσεις, αλλά οι δεσμεύσεις συμφωνούνται μεταξύ ανθρώπων.",
        canonical_task: COORDINATE,
    },
];

const JAPANESE: &[LocalTask] = &[
    LocalTask {
        id: "kaigi-gijiroku-sakusei",
        text: "定例会議の議事録を作成し、決定事項の進捗を確認する",
        level: H1,
        rationale: "録音から議事録を自動で作成できるため、ほぼ自動化が可能です。",
        canonical_task: MEETINGS,
    },
    LocalTask {
        id: "shinnyu-shain-shido",
        text: "新入社員に仕事の進め方を教え、日々の相談に応じる",
        level: H5,
        rationale: "信頼関係に基づく指導は人にしかできません。",
        canonical_task: TRAIN,
    },
    LocalTask {
        id: "torihikisaki-chosei",
        text: "取引先および本社と納期を調整する",
        level: H4,
        rationale: "納期の候補はAIが提案できますが、最終的な合意には人の判断が必要です。",
        canonical_task: COORDINATE,
    },
    LocalTask {
        id: "getsuji-hokokusho-sakusei",
        text: "部門の月次報告書を取りまとめ、経営会議に提出する",
        level: H2,
        rationale: "数値の集計と下書きはAIが行い、担当者は内容を確認するだけで済みます。",
        canonical_task: COORDINATE,
    },
];
