//! The sentences that explain an AI impact level. `{machine}` and `{person}` are the clauses of the work in
//! question, `{Machine}` and `{Person}` the same at the start of a sentence.

use taskferry_profile::AiLevel;

/// The ways to explain `level`.
pub(crate) const fn rationales_for(level: AiLevel) -> &'static [&'static str] {
    match level {
        AiLevel::H1 => &[
            "Highly automatable: {machine}.",
            "AI can do this alone, since {machine}.",
            "{Machine}, so next to nothing is left to do by hand.",
        ],
        AiLevel::H2 => &[
            "Large portions can be automated: {machine}. Still, {person}.",
            "AI leads here, as {machine}; a short human review is enough.",
            "Mostly automatable. {Machine}, although {person}.",
        ],
        AiLevel::H3 => &[
            "Equal partners: {machine}, while {person}.",
            "Requires human judgment, because {person}; at the same time {machine}.",
            "AI and people do this best together. {Machine}, yet {person}.",
        ],
        AiLevel::H4 => &[
            "A person leads: {person}. AI helps, as {machine}.",
            "AI assists at the edges ({machine}), but {person}.",
            "Needs substantial human input: {person}.",
        ],
        AiLevel::H5 => &[
            "Depends on people throughout: {person}.",
            "{Person}. AI can't carry this without someone involved all the time.",
            "Essentially human work, because {person}.",
        ],
    }
}
