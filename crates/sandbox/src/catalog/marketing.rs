//! Marketing.

use taskferry_profile::AiLevel::{H1, H2, H3, H4};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "marketing",
    name: "Marketing and Communications",
    domain: "Commercial",
    clusters: &[CONTENT, CAMPAIGNS, BRAND],
};

const CONTENT: Cluster = Cluster {
    subdomain: "Marketing",
    name: "Content creation",
    titles: &["Content Manager", "Copywriter", "Technical Editor", "Video Producer"],
    work: &[
        Work {
            canonical_task: "Write marketing texts",
            level: H2,
            tasks: &[
                "Write [product pages|newsletters|case studies|white papers] for the website",
                "Adapt campaign texts to the market around {site}",
                "Edit contributions from experts for [clarity|tone of voice|length]",
            ],
            skills: &["Copywriting", "Content Marketing", "Editing", "Storytelling"],
            machine: "first drafts and variants are written by language models",
            person: "a voice of its own needs an editor",
        },
        Work {
            canonical_task: "Produce visual media",
            level: H3,
            tasks: &[
                "Produce short videos about [customers|products|working life]",
                "Retouch and tag images for the media library",
            ],
            skills: &["Video Editing", "Adobe Photoshop", "Graphic Design", "Photography"],
            machine: "cutting, subtitles and retouching are largely automatic",
            person: "the idea and the people in front of the camera are not",
        },
        Work {
            canonical_task: "Translate and localise content",
            level: H1,
            tasks: &[
                "Translate [help articles|packaging texts|advertisements] and check terminology",
                "Maintain the glossary of product terms in all languages",
            ],
            skills: &["Translation", "Localization", "Terminology Management"],
            machine: "machine translation with a glossary is ready to publish in most cases",
            person: "wordplay is still checked by a native speaker",
        },
    ],
};

const CAMPAIGNS: Cluster = Cluster {
    subdomain: "Marketing",
    name: "Digital marketing",
    titles: &[
        "Digital Marketing Manager",
        "SEO Specialist",
        "Performance Marketer",
        "Marketing Analyst",
    ],
    work: &[
        Work {
            canonical_task: "Run online campaigns",
            level: H2,
            tasks: &[
                "Set up [search|social media|display] campaigns and adjust bids",
                "Test [subject lines|landing pages|audiences] against each other",
            ],
            skills: &[
                "Search Engine Marketing",
                "Google Ads",
                "A/B Testing",
                "Marketing Automation",
            ],
            machine: "bidding and testing are run by the platforms themselves",
            person: "the budget and the message are set by people",
        },
        Work {
            canonical_task: "Analyse campaign results",
            level: H1,
            tasks: &[
                "Report [reach|conversion|cost per lead] by channel every week",
                "Segment customers by [purchases|interests|region]",
            ],
            skills: &["Google Analytics", "Web Analytics", "SQL", "Customer Segmentation"],
            machine: "figures are collected, compared and commented without help",
            person: "strange peaks are explained by someone who knows the calendar",
        },
        Work {
            canonical_task: "Improve search visibility",
            level: H2,
            tasks: &[
                "Research search terms for [new products|local stores|job offers]",
                "Fix [broken links|slow pages|missing descriptions] on the website",
            ],
            skills: &["Search Engine Optimization", "HTML", "Content Management Systems"],
            machine: "keywords and technical faults are listed with fixes",
            person: "priorities follow the product plan",
        },
    ],
};

const BRAND: Cluster = Cluster {
    subdomain: "Communications",
    name: "Brand and public relations",
    titles: &[
        "Brand Manager",
        "Public Relations Officer",
        "Event Manager",
        "Product Marketing Manager",
    ],
    work: &[
        Work {
            canonical_task: "Position products",
            level: H4,
            tasks: &[
                "Define the positioning of [a new product line|the service offer|the employer brand]",
                "Interview customers about [their alternatives|their reasons to buy|their worries]",
            ],
            skills: &["Brand Management", "Market Research", "Product Marketing", "Interviewing"],
            machine: "surveys and reviews are condensed into themes",
            person: "standing for something is a decision",
        },
        Work {
            canonical_task: "Handle media relations",
            level: H4,
            tasks: &[
                "Answer questions from [trade press|local newspapers|broadcasters]",
                "Draft [press releases|speeches|crisis statements] with management",
            ],
            skills: &["Public Relations", "Media Relations", "Crisis Communication", "Copywriting"],
            machine: "statements are drafted and coverage is monitored",
            person: "journalists call people they know",
        },
        Work {
            canonical_task: "Organise events",
            level: H3,
            tasks: &[
                "Plan [customer days|trade fairs|webinars] in {site} within budget",
                "Brief [speakers|caterers|stand builders] and look after them on the day",
            ],
            skills: &["Event Planning", "Project Management", "Budgeting", "Vendor Management"],
            machine: "invitations, registrations and schedules run by themselves",
            person: "on the day itself hosts are needed",
        },
    ],
};
