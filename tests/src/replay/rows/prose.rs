//! Prose: questions and answers about attacks, and about a standard's controls.

use omniguard_core::rng::Rng;
use serde::Serialize;

/// A question and its answer.
#[derive(Debug, Serialize)]
pub(super) struct Fenrir {
    system: &'static str,
    user: String,
    assistant: String,
}

/// A conversation.
#[derive(Debug, Serialize)]
pub(super) struct Nist {
    messages: [Message; 3],
    metadata: Metadata,
}

#[derive(Debug, Serialize)]
struct Message {
    role: &'static str,
    content: String,
}

#[derive(Debug, Serialize)]
struct Metadata {
    source: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

const TOPICS: [&str; 12] = [
    "credential dumping",
    "lateral movement over remote shares",
    "persistence through scheduled tasks",
    "spear phishing with documents",
    "DNS tunnelling",
    "abuse of cloud roles",
    "supply chain compromise of packages",
    "token theft in browsers",
    "web shells on public servers",
    "ransomware in small firms",
    "injection into queries",
    "living off the land",
];
const SETTINGS: [&str; 12] = [
    "a hospital",
    "a port authority",
    "a bank with branches",
    "a university",
    "a maker of machines",
    "a town hall",
    "an airline",
    "a publisher",
    "a power utility",
    "a chain of shops",
    "a law firm",
    "a laboratory",
];
const METHODS: [&str; 16] = [
    "Attackers dump the memory of lsass.exe with procdump and read the hashes offline (T1003.001).",
    "With these hashes an intruder signs in elsewhere: pass-the-hash sends the hash in place of \
     the password (T1550.002).",
    "A scheduled task that runs powershell with an encoded command at every logon keeps the \
     foothold (T1053.005).",
    "The document asks for macros, and the macro fetches a second stage from a public share \
     (T1566.001).",
    "Names under a domain of the intruder carry the data out in their labels, a few bytes a query \
     (T1071.004).",
    "A role that may pass other roles is enough to start an instance with more rights \
     (T1078.004).",
    "A package with a name one letter off runs its script when it is installed (T1195.002).",
    "Cookies of signed-in sessions are copied from the profile folder and replayed from another \
     address (T1539).",
    "A single page that passes a parameter to the shell stays behind on the web server \
     (T1505.003).",
    "Shadow copies are deleted with vssadmin before the files are encrypted (T1490).",
    "A quote in the search field ends the string, and what follows runs as part of the query \
     (T1190).",
    "certutil and bitsadmin fetch files for whoever asks, signed and allowed (T1218).",
    "The agent's tool descriptions are edited so that each call copies its arguments elsewhere.",
    "The audit log is cleared with wevtutil, and the service that writes it stopped (T1070.001).",
    "Shared keys in a build job are read from the environment and posted to a paste site (T1552).",
    "A remote desktop session is taken over with tscon from a service account (T1563.002).",
];
const DEFENCES: [&str; 16] = [
    "Enable protected processes and alert on handles to the service.",
    "Review who may debug processes, and take the right from all others.",
    "Keep administrators' accounts off workstations that read mail.",
    "Baseline the tasks of a host and compare them every day.",
    "Block macros from files of the internet by policy.",
    "Look for many distinct names under one young domain.",
    "Bound what a role can pass on, and log each use.",
    "Pin packages by hash and mirror them.",
    "Bind sessions to the device that opened them.",
    "Write uploads where nothing is executed.",
    "Store backups where the domain has no rights.",
    "Bind parameters; never join strings to a query.",
    "Allow the few signed tools that people need by path and parent.",
    "Ship logs off the host as they are written.",
    "Give build jobs keys that live for minutes.",
    "Practise the recovery twice a year and write down how long it took.",
];
const CONTROLS: [&str; 20] = [
    "The organization identifies account types, assigns managers, and reviews accounts at a \
     frequency that it defines.",
    "Separation of duties reduces the risk of abuse of authorized privileges without collusion.",
    "Least privilege applies to processes as well as to people, and is reviewed when duties \
     change.",
    "Audit records state what happened, when, where, the source, the outcome, and who was \
     involved.",
    "The system alerts the personnel in charge when the logging process fails.",
    "Baseline configurations are documented, kept current, and placed under configuration control.",
    "Changes are analysed for their impact on security and privacy before they are put into \
     effect.",
    "Contingency plans are tested so that their effectiveness and readiness are known.",
    "Backups are protected for confidentiality and integrity at the place where they are stored.",
    "Identifiers are managed by selecting one that was not in use for a defined period.",
    "Authenticators are protected commensurate with the category of what they give access to.",
    "Incident handling covers preparation, detection and analysis, containment, and recovery.",
    "Media are sanitized before disposal, release, or reuse with techniques of defined strength.",
    "Physical access is enforced at entry points by verifying authorizations before access.",
    "Risk assessments identify threats and vulnerabilities, and the likelihood and magnitude of \
     harm.",
    "Flaws are identified, reported, and corrected within a time that the organization defines.",
    "Boundary protection monitors and controls communications at managed interfaces.",
    "Cryptographic keys are established and managed when cryptography is employed.",
    "Suppliers are assessed and reviewed at a frequency that fits the risk of what they supply.",
    "Training is provided to those with assigned roles before access is authorized.",
];

/// `n` of the list, none twice in a row of draws.
fn some(list: &[&'static str], n: u32, rng: &mut Rng) -> Vec<&'static str> {
    let mut left = list.to_vec();
    (0..n.min(list.len() as u32))
        .map(|_| left.swap_remove(rng.below(left.len() as u32) as usize))
        .collect()
}

fn of(list: &[&'static str], rng: &mut Rng) -> &'static str {
    rng.pick(list).copied().unwrap_or_default()
}

pub(super) fn fenrir(idx: u64, rng: &mut Rng) -> Fenrir {
    let (topic, setting) = (of(&TOPICS, rng), of(&SETTINGS, rng));
    let (n_methods, n_defences) = (1 + rng.below(4), 2 + rng.below(4));
    let methods = some(&METHODS, n_methods, rng).join("\n\n");
    let defences = some(&DEFENCES, n_defences, rng).join("\n- ");
    Fenrir {
        system: "You are a careful analyst.",
        user: format!("Case {idx}: how does {topic} work against {setting}, and what helps?"),
        assistant: format!(
            "Case {idx} is about {topic} in the network of {setting}.\n\n{methods}\n\n\
             What helps:\n- {defences}"
        ),
    }
}

pub(super) fn nist(idx: u64, rng: &mut Rng) -> Nist {
    let n_controls = 3 + rng.below(5);
    let controls = some(&CONTROLS, n_controls, rng).join(" ");
    let setting = of(&SETTINGS, rng);
    let message = |role, content| Message { role, content };
    Nist {
        messages: [
            message("system", "You answer from the publications.".into()),
            message("user", format!("What do the controls of baseline {idx} ask of {setting}?")),
            message("assistant", format!("Baseline {idx} for {setting}. {controls}")),
        ],
        metadata: Metadata { source: "publications", kind: "control" },
    }
}
