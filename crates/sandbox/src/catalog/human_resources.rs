//! Human resources.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "human-resources",
    name: "Human Resources",
    domain: "People and Organisation",
    clusters: &[RECRUITING, DEVELOPMENT, OPERATIONS],
};

const RECRUITING: Cluster = Cluster {
    subdomain: "Talent acquisition",
    name: "Recruiting",
    titles: &[
        "Recruiter",
        "Talent Acquisition Partner",
        "Sourcing Specialist",
        "Employer Branding Manager",
    ],
    work: &[
        Work {
            canonical_task: "Source candidates",
            level: H2,
            tasks: &[
                "Search [professional networks|talent pools|job boards] for suitable candidates",
                "Write job advertisements for [technical|sales|shop-floor|graduate] roles",
                "Screen applications against the requirements of a role",
            ],
            skills: &["Talent Sourcing", "Recruiting", "Copywriting", "LinkedIn Recruiter"],
            machine: "profiles are matched and adverts drafted in seconds",
            person: "bias in a ranking has to be watched by someone accountable",
        },
        Work {
            canonical_task: "Interview candidates",
            level: H5,
            tasks: &[
                "Conduct structured interviews together with hiring managers",
                "Discuss [salary|start date|relocation] with finalists and close the offer",
            ],
            skills: &["Interviewing", "Recruiting", "Active Listening", "Negotiation"],
            machine: "notes and scorecards are filled in alongside",
            person: "candidates decide for people they have met",
        },
        Work {
            canonical_task: "Coordinate hiring",
            level: H1,
            tasks: &[
                "Schedule interviews across [time zones|panels|assessment days]",
                "Keep candidate records and the hiring dashboard up to date",
            ],
            skills: &["Applicant Tracking Systems", "Scheduling", "Recruiting"],
            machine: "calendars and candidate records synchronise themselves",
            person: "a change at the last minute still needs a friendly word",
        },
    ],
};

const DEVELOPMENT: Cluster = Cluster {
    subdomain: "Talent management",
    name: "Learning and development",
    titles: &[
        "Learning Specialist",
        "Talent Development Manager",
        "HR Business Partner",
        "Organisational Psychologist",
    ],
    work: &[
        Work {
            canonical_task: "Develop learning programmes",
            level: H3,
            tasks: &[
                "Design [onboarding|leadership|safety|sales] training with subject experts",
                "Turn [manuals|expert interviews|recordings] into short online lessons",
                "Measure what participants apply at work three months later",
            ],
            skills: &["Instructional Design", "E-Learning", "Training Delivery", "Facilitation"],
            machine: "course material is drafted from existing documents",
            person: "what people need to learn comes out in conversation",
        },
        Work {
            canonical_task: "Advise managers on people questions",
            level: H5,
            tasks: &[
                "Coach managers in [feedback|conflict|performance] conversations",
                "Mediate between [colleagues|teams|management and works council] in {site}",
            ],
            skills: &["Coaching", "Conflict Resolution", "Employee Relations", "Active Listening"],
            machine: "policies and precedents are quickly at hand",
            person: "confidence grows only between people",
        },
        Work {
            canonical_task: "Plan workforce and succession",
            level: H4,
            tasks: &[
                "Compare skills on hand with skills needed for [new products|automation|expansion]",
                "Prepare succession plans for [critical roles|plant management|expert careers]",
            ],
            skills: &[
                "Workforce Planning",
                "Succession Planning",
                "HR Analytics",
                "Change Management",
            ],
            machine: "skill gaps are calculated from profiles",
            person: "careers are agreed with the people concerned",
        },
    ],
};

const OPERATIONS: Cluster = Cluster {
    subdomain: "HR operations",
    name: "HR administration and payroll",
    titles: &[
        "HR Administrator",
        "Payroll Specialist",
        "Compensation Analyst",
        "HR Operations Manager",
    ],
    work: &[
        Work {
            canonical_task: "Administer employee data",
            level: H1,
            tasks: &[
                "Enter [hires|transfers|leaves|exits] into the HR system",
                "Issue [employment certificates|contracts|reference letters] from templates",
            ],
            skills: &["Workday HCM", "HR Administration", "Data Entry", "Microsoft Office"],
            machine: "forms trigger the entries and letters without further work",
            person: "exceptions are settled by the HR team",
        },
        Work {
            canonical_task: "Run payroll",
            level: H2,
            tasks: &[
                "Run the monthly payroll for {site} and resolve payslip questions",
                "Check [overtime|bonus|shift allowance] payments before release",
            ],
            skills: &["Payroll Processing", "Labour Law", "Attention to Detail", "Microsoft Excel"],
            machine: "calculations and plausibility checks are automatic",
            person: "the release of salaries is signed by two people",
        },
        Work {
            canonical_task: "Benchmark compensation",
            level: H2,
            tasks: &[
                "Compare salaries with market data for [engineering|sales|nursing|logistics] roles",
                "Prepare the yearly salary review and check it for unexplained pay gaps",
            ],
            skills: &["Compensation and Benefits", "Data Analysis", "Job Evaluation"],
            machine: "market medians and pay gaps are computed directly",
            person: "fairness has to be explained to those it concerns",
        },
    ],
};
