//! Healthcare.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "healthcare",
    name: "Healthcare",
    domain: "Health and Care",
    clusters: &[NURSING, LABORATORY, ADMINISTRATION],
};

const NURSING: Cluster = Cluster {
    subdomain: "Patient care",
    name: "Nursing and therapy",
    titles: &["Registered Nurse", "Occupational Health Nurse", "Physiotherapist", "Midwife"],
    work: &[
        Work {
            canonical_task: "Care for patients",
            level: H5,
            tasks: &[
                "Care for patients after [surgery|a stroke|childbirth] and help them back on their feet",
                "Change [dressings|catheters|infusions] under sterile conditions",
                "Comfort patients and relatives in [difficult hours|the waiting room|palliative care]",
            ],
            skills: &["Patient Care", "Nursing", "Wound Care", "Empathy"],
            machine: "vital signs are watched by monitors",
            person: "touch and presence are the treatment",
        },
        Work {
            canonical_task: "Assess patients",
            level: H4,
            tasks: &[
                "Assess [pain|mobility|nutrition] on admission and agree goals",
                "Triage arrivals in the {site} clinic by urgency",
            ],
            skills: &["Clinical Assessment", "Triage", "Medical Terminology", "Critical Thinking"],
            machine: "scores and risks are computed from the findings",
            person: "a clinical look sees more than the numbers",
        },
        Work {
            canonical_task: "Document care",
            level: H2,
            tasks: &[
                "Document [medication|observations|therapy sessions] in the patient record",
                "Write [discharge letters|handover notes|care plans] for the next shift",
            ],
            skills: &[
                "Electronic Health Records",
                "Medical Documentation",
                "Written Communication",
            ],
            machine: "notes are drafted from dictation and device data",
            person: "the entry is confirmed by the one who gave the care",
        },
    ],
};

const LABORATORY: Cluster = Cluster {
    subdomain: "Diagnostics",
    name: "Laboratory and imaging",
    titles: &[
        "Medical Laboratory Technician",
        "Radiographer",
        "Pharmacist",
        "Clinical Research Associate",
    ],
    work: &[
        Work {
            canonical_task: "Analyse samples",
            level: H2,
            tasks: &[
                "Analyse [blood|tissue|water] samples and validate the results",
                "Calibrate analysers and document [controls|deviations|maintenance]",
            ],
            skills: &["Laboratory Testing", "Quality Control", "Good Laboratory Practice"],
            machine: "analysers process and pre-validate most samples",
            person: "implausible values are released by a specialist",
        },
        Work {
            canonical_task: "Produce medical images",
            level: H3,
            tasks: &[
                "Position patients for [X-ray|MRI|ultrasound] examinations",
                "Mark conspicuous findings for the radiologist",
            ],
            skills: &["Medical Imaging", "Patient Care", "Radiation Protection"],
            machine: "conspicuous areas are marked by image recognition",
            person: "patients have to be positioned and reassured",
        },
        Work {
            canonical_task: "Dispense medicines",
            level: H3,
            tasks: &[
                "Check prescriptions for [interactions|dosage|allergies]",
                "Advise patients on taking their medicines safely",
            ],
            skills: &["Pharmacology", "Medication Management", "Active Listening"],
            machine: "interactions are checked against databases at once",
            person: "whether advice was understood shows in the face",
        },
    ],
};

const ADMINISTRATION: Cluster = Cluster {
    subdomain: "Health services management",
    name: "Clinic administration",
    titles: &["Medical Secretary", "Ward Manager", "Health Records Clerk", "Hygiene Officer"],
    work: &[
        Work {
            canonical_task: "Schedule appointments",
            level: H1,
            tasks: &[
                "Schedule [examinations|therapies|operating theatres] and remind patients",
                "Fill cancelled appointments from the waiting list",
            ],
            skills: &["Scheduling", "Medical Terminology", "Customer Service"],
            machine: "appointments are booked, moved and reminded of automatically",
            person: "emergencies overturn every plan",
        },
        Work {
            canonical_task: "Code and bill treatments",
            level: H1,
            tasks: &[
                "Code [diagnoses|procedures] for billing with health insurers",
                "Answer queries of insurers about [length of stay|materials|coding]",
            ],
            skills: &["Medical Coding", "Medical Billing", "Attention to Detail"],
            machine: "codes are suggested from the record and checked by rules",
            person: "disputed cases are argued by a specialist",
        },
        Work {
            canonical_task: "Assure hygiene and safety",
            level: H4,
            tasks: &[
                "Inspect wards in {site} for compliance with hygiene rules",
                "Train staff in [hand hygiene|fire safety|lifting techniques]",
            ],
            skills: &["Infection Control", "Workplace Safety", "Training Delivery", "Auditing"],
            machine: "infection figures are analysed continuously",
            person: "habits change through people on the ward",
        },
    ],
};
