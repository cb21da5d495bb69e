//! Engineering.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "engineering",
    name: "Engineering",
    domain: "Product and Engineering",
    clusters: &[SOFTWARE, QUALITY, HARDWARE],
};

const SOFTWARE: Cluster = Cluster {
    subdomain: "Software engineering",
    name: "Software development",
    titles: &[
        "Software Engineer",
        "Backend Developer",
        "Frontend Developer",
        "Mobile Developer",
        "Software Architect",
    ],
    work: &[
        Work {
            canonical_task: "Write program code",
            level: H2,
            tasks: &[
                "Implement features of the [billing|search|booking|reporting] service from refined stories",
                "Refactor [legacy modules|shared libraries|slow queries] without changing behaviour",
                "Write database migrations for the [customer|order|inventory] schema",
            ],
            skills: &["Python", "Java", "SQL", "Git", "Object-Oriented Programming"],
            machine: "coding assistants produce most of the routine code",
            person: "someone has to own what goes into production",
        },
        Work {
            canonical_task: "Design software architecture",
            level: H4,
            tasks: &[
                "Design interfaces between [services|teams|front end and back end] and write them down",
                "Decide on [storage|messaging|caching] technology for a new product",
                "Lead design reviews with the teams in {site}",
            ],
            skills: &["Software Architecture", "Microservices", "REST APIs", "System Design"],
            machine: "alternatives and their trade-offs can be listed on demand",
            person: "the choice binds teams for years and needs experience",
        },
        Work {
            canonical_task: "Review code changes",
            level: H3,
            tasks: &[
                "Review pull requests for [correctness|security|readability] and explain requested changes",
                "Pair with colleagues on [difficult defects|unfamiliar code|performance problems]",
            ],
            skills: &["Code Review", "Git", "Secure Coding", "Mentoring"],
            machine: "style and common defects are found automatically",
            person: "whether a change fits the design is a matter of judgment",
        },
        Work {
            canonical_task: "Document software",
            level: H1,
            tasks: &[
                "Generate [release notes|API references|changelogs] from merged changes",
                "Keep [setup guides|runbooks|code examples] in step with the current version",
            ],
            skills: &["Technical Writing", "Git", "Markdown"],
            machine: "documentation is drafted from code and commit history",
            person: "a reader's questions show what is missing",
        },
    ],
};

const QUALITY: Cluster = Cluster {
    subdomain: "Software engineering",
    name: "Software quality and delivery",
    titles: &["Test Engineer", "QA Analyst", "DevOps Engineer", "Site Reliability Engineer"],
    work: &[
        Work {
            canonical_task: "Test software",
            level: H2,
            tasks: &[
                "Write automated [end-to-end|contract|load|regression] tests for new features",
                "Reproduce reported defects and narrow down their cause",
                "Explore [checkout|sign-up|search] by hand before a release and note what feels wrong",
            ],
            skills: &["Test Automation", "Selenium", "Software Testing", "Python"],
            machine: "test cases are derived from requirements and code",
            person: "only people notice what merely feels wrong",
        },
        Work {
            canonical_task: "Operate delivery pipelines",
            level: H2,
            tasks: &[
                "Maintain build and deployment pipelines for the [web|mobile|data] teams",
                "Describe infrastructure as code for the [staging|production|disaster recovery] environment",
            ],
            skills: &["Continuous Integration", "Docker", "Kubernetes", "Terraform"],
            machine: "pipeline definitions follow patterns that tools know well",
            person: "access to production is granted by people",
        },
        Work {
            canonical_task: "Respond to incidents",
            level: H4,
            tasks: &[
                "Lead the response to [outages|data loss|performance incidents] while on call",
                "Run blameless reviews after incidents and follow up on the measures",
            ],
            skills: &[
                "Incident Management",
                "Monitoring and Observability",
                "Linux",
                "Communication",
            ],
            machine: "alerts are correlated and likely causes proposed",
            person: "decisions under pressure stay with the people on call",
        },
    ],
};

const HARDWARE: Cluster = Cluster {
    subdomain: "Mechanical and electrical engineering",
    name: "Product design",
    titles: &[
        "Mechanical Engineer",
        "Electrical Engineer",
        "Embedded Systems Engineer",
        "Design Engineer",
    ],
    work: &[
        Work {
            canonical_task: "Design components",
            level: H3,
            tasks: &[
                "Model [housings|brackets|gearboxes|cable harnesses] and check tolerances",
                "Simulate [heat|vibration|fatigue] under load and adjust the design",
            ],
            skills: &["Computer-Aided Design", "SolidWorks", "Finite Element Analysis", "AutoCAD"],
            machine: "generative design proposes and simulates many variants",
            person: "manufacturability is judged by those who know the shop floor",
        },
        Work {
            canonical_task: "Build and test prototypes",
            level: H5,
            tasks: &[
                "Assemble prototypes in the {site} workshop and measure them",
                "Test samples for [electromagnetic compatibility|water resistance|drop safety] in the laboratory",
            ],
            skills: &["Prototyping", "Laboratory Testing", "Soldering", "Electronics"],
            machine: "measurements are logged and plotted without effort",
            person: "hands, tools and an eye for the unexpected are needed",
        },
        Work {
            canonical_task: "Prepare technical specifications",
            level: H2,
            tasks: &[
                "Write requirements for [supplied parts|firmware|test benches] and trace them to tests",
                "Update [drawings|parts lists|material declarations] after engineering changes",
            ],
            skills: &["Requirements Analysis", "Technical Writing", "Product Lifecycle Management"],
            machine: "specifications and parts lists are kept consistent by software",
            person: "a requirement nobody asked for has to be questioned",
        },
    ],
};
