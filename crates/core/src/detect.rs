//! Detectors: named structural signals in a frame, found in one pass over its tokens and bytes.
//!
//! They are inputs to the policy and hints for people, never decisions: the benign twin of nearly
//! every attack fires some of them. Five sources, each a table or a match over single bytes:
//! * `rules`: word classes near each other ("order word, tool word, read word");
//! * `idioms`: token sequences as programs are written (`os . dup2`, `bash - i`);
//! * `bytes`: signs (`$(`, `../`, `/proc/…/fd`, terminal escape sequences);
//! * `shapes`: single tokens (keys, encoded blobs, mixed scripts);
//! * `speech`: clauses by the roles of their words (who is told to do what, and what is negated).
//!
//! Invariant: total, deterministic, time linear in the text.

use crate::{
    decode::Decoded,
    segment::{Document, Segments},
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

mod attack;
mod attack_values;
mod attack_words;
mod bytes;
mod idioms;
mod rules;
mod shapes;
mod speech;
mod speech_words;
#[cfg(test)]
mod tests;
mod values;

macro_rules! detectors {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),* $(,)?) => {
        /// A structural signal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Detector { $($(#[doc = $doc])+ $variant),* }

        impl Detector {
            /// All detectors, in the order of the feature vector.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The wire name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it means that it fired.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+)),* }
            }
        }
    };
}

detectors! {
    /// A word that sets aside, an earlier thing and a norm stand together.
    InstructionOverride = "instruction_override",
    /// A norm is said to hold no longer.
    InstructionVoided = "instruction_voided",
    /// The assistant is named next to an obligation.
    AssistantAddressed = "assistant_addressed",
    /// The assistant is named next to an action on tools, files or recipients.
    AssistantTasked = "assistant_tasked",
    /// The reader is given another part to play.
    RoleChange = "role_change",
    /// An announcement in the platform's name.
    PlatformNotice = "platform_notice",
    /// A marker that separates speakers in a transcript or prompt template.
    RoleDelimiter = "role_delimiter",
    /// Markup that a rendered page does not show.
    HiddenMarkup = "hidden_markup",
    /// Something is not to be told to somebody.
    Concealment = "concealment",
    /// Something is to be done out of sight.
    CovertManner = "covert_manner",
    /// What is to be said to a person is dictated.
    AnswerSteering = "answer_steering",
    /// A condition arms an action of the assistant.
    ConditionalTrigger = "conditional_trigger",
    /// An action is ordered ahead of a tool's use.
    OrderBeforeUse = "order_before_use",
    /// One tool is put in another's place.
    ToolShadowing = "tool_shadowing",
    /// What was said in the session is to be handed over.
    ContextCapture = "context_capture",
    /// A tool's use is tied to a secret.
    SecretRequired = "secret_required",
    /// A path under which secrets lie.
    SecretPath = "secret_path",
    /// A string shaped like a key or token.
    SecretShape = "secret_shape",
    /// A secret is to be read.
    SecretRead = "secret_read",
    /// A secret is to be given away.
    SecretSent = "secret_sent",
    /// Data is to go to an address.
    OutboundSink = "outbound_sink",
    /// A network tool is given an address.
    NetworkCommand = "network_command",
    /// A further command follows a separator.
    ShellChain = "shell_chain",
    /// A shell evaluates part of an argument.
    CommandSubstitution = "command_substitution",
    /// A command between back-quotes.
    BacktickCommand = "backtick_command",
    /// Text flows into an interpreter.
    PipeToInterpreter = "pipe_to_interpreter",
    /// A path climbs out of its folder.
    PathTraversal = "path_traversal",
    /// A quote ends early and a query goes on.
    SqlBreakout = "sql_breakout",
    /// A template engine evaluates part of an argument.
    TemplateBreakout = "template_breakout",
    /// An encoded line break or NUL.
    EncodedControl = "encoded_control",
    /// An option that makes a program run another.
    ExecOption = "exec_option",
    /// Program text handed to an interpreter on its command line.
    InlineCode = "inline_code",
    /// Deletion without bounds.
    MassDeletion = "mass_deletion",
    /// Rights are given.
    PrivilegeGrant = "privilege_grant",
    /// A command that gains or opens rights.
    PrivilegeCommand = "privilege_command",
    /// A scope without bounds.
    WildcardScope = "wildcard_scope",
    /// A safeguard is switched off.
    CheckDisabled = "check_disabled",
    /// Nobody is to be asked.
    ApprovalBypass = "approval_bypass",
    /// A pseudo-terminal is made or a program started in one.
    PtySpawn = "pty_spawn",
    /// A terminal device is opened.
    TtyDevice = "tty_device",
    /// A terminal's mode or ownership is taken.
    TerminalAttach = "terminal_attach",
    /// A descriptor is duplicated over another.
    FdDuplication = "fd_duplication",
    /// A process's descriptors are reached through the file system.
    ProcFd = "proc_fd",
    /// The pipe of the parent or server is used.
    ParentPipe = "parent_pipe",
    /// A child process works on streams that it was handed.
    ChildOnStdio = "child_on_stdio",
    /// Descriptors are inherited or held.
    InheritedDescriptors = "inherited_descriptors",
    /// A process is replaced by an interpreter.
    ExecReplacement = "exec_replacement",
    /// The server's or client's place is taken.
    ServerReplaced = "server_replaced",
    /// An interactive shell is started.
    InteractiveShell = "interactive_shell",
    /// A shell is tied to a network connection.
    NetworkShell = "network_shell",
    /// Control sequences that move the cursor, clear, retitle, hide or query a terminal.
    TerminalTakeover = "terminal_takeover",
    /// A protocol message inside a value.
    EmbeddedRpc = "embedded_rpc",
    /// Protocol messages are written to a stream.
    RpcToStream = "rpc_to_stream",
    /// Program text writes to the process's own streams.
    StreamWriteCode = "stream_write_code",
    /// A long token of an encoding's alphabet.
    EncodedBlob = "encoded_blob",
    /// Something is decoded and run.
    DecodeAndRun = "decode_and_run",
    /// One word mixes scripts.
    MixedScripts = "mixed_scripts",
    /// Characters that no reader sees.
    InvisibleCharacters = "invisible_characters",
    /// Words of hostile telemetry.
    HostileTelemetry = "hostile_telemetry",
    /// Records are removed or switched off.
    LogTampering = "log_tampering",
    /// Where money goes is changed.
    PaymentChange = "payment_change",
    /// A safeguard is reported to have held.
    ReportedBlock = "reported_block",
    /// Teaching, testing or documentation material.
    TeachingMaterial = "teaching_material",
    /// An approval or a ticket is cited.
    CitedApproval = "cited_approval",
    /// A child process works on streams of its own.
    OwnStreams = "own_streams",
    /// Colours and weights for a terminal.
    TerminalStyle = "terminal_style",
    // values
    /// Asking somebody is said to be needless.
    ConsentWaived = "consent_waived",
    /// That somebody hears of it is said to be needless.
    KnowledgeWaived = "knowledge_waived",
    /// Nobody is said to look.
    UnobservedClaim = "unobserved_claim",
    /// A role or scope is set to one that leaves nothing out.
    BroadRightSet = "broad_right_set",
    /// A secret is to be put into a field or to go outside.
    SecretDelivered = "secret_delivered",
    /// A secret's name with a value that looks real.
    SecretInClear = "secret_in_clear",
    /// Somebody else's name, account or session is to be used.
    BorrowedIdentity = "borrowed_identity",
    /// The approver is the one who asks, a machine or nobody.
    SelfApproval = "self_approval",
    /// A limit is raised or taken away.
    LimitLifted = "limit_lifted",
    /// A safeguard is to be taken away.
    SafeguardLifted = "safeguard_lifted",
    /// The setting of a safeguard or limit has a value that says off.
    ControlValueOff = "control_value_off",
    /// A payment goes to another account than before.
    PayeeRedirected = "payee_redirected",
    /// The handling of secrets, rights or safeguards is forbidden.
    RiskProhibited = "risk_prohibited",
    /// A person is to be asked, told or waited for.
    PersonDecides = "person_decides",
    /// A secret is masked, renewed or lies in its vault.
    SecretInCustody = "secret_in_custody",
    /// A right has an end or is kept small.
    BoundedRight = "bounded_right",
    /// Another person than the one who asks has approved or checked.
    SecondPerson = "second_person",
    /// The setting of a safeguard has a value that says on.
    ControlValueOn = "control_value_on",
    // attack
    /// Many events within a short time.
    Burst = "burst",
    /// Many events spread over hours or days.
    LongSpan = "long_span",
    /// Many attempts failed, then one succeeded.
    SuccessAfterFailures = "success_after_failures",
    /// Something outside is contacted at fixed intervals.
    RegularContact = "regular_contact",
    /// Records, copies or alarms are removed or switched off.
    TracesRemoved = "traces_removed",
    /// A record says that a safeguard was missing.
    SafeguardAbsent = "safeguard_absent",
    /// A record says that a safeguard was there.
    SafeguardHeld = "safeguard_held",
    /// Somebody or something comes from where it never came from.
    UnfamiliarOrigin = "unfamiliar_origin",
    /// Work that returns on a plan, a probe or a drill.
    RoutineOrigin = "routine_origin",
    /// A report that nothing was lost or changed.
    NothingLost = "nothing_lost",
    /// Others are not to notice.
    KeptUnaware = "kept_unaware",
    /// Something false is to be made.
    Forgery = "forgery",
    /// A change is forbidden.
    Restraint = "restraint",
    /// The stream of a server or client is held by something else.
    StreamDiverted = "stream_diverted",
    /// Messages or keys are put into a connection in another's name.
    FrameForged = "frame_forged",
    /// A value goes on with a command and its argument.
    ValueRunsOn = "value_runs_on",
    /// A value leaves a quote open, or comments out what follows it.
    OpenEnd = "open_end",
    /// A file that something else runs or trusts at its start.
    StartupPath = "startup_path",
    // speech
    /// A program that takes the text in is given something to do.
    MachineReaderTasked = "machine_reader_tasked",
    /// The assistant has to move data to an address, argument or tool.
    AssistantMovesData = "assistant_moves_data",
    /// What was said or set up in the session is to go into an argument.
    ContextDemanded = "context_demanded",
    /// Other tools are said to be out of use or reached through this one.
    OtherToolTaken = "other_tool_taken",
    /// What a person chose or said is not to count.
    ChoiceOverridden = "choice_overridden",
    /// Something is to be taken for trusted, agreed or finished.
    TrustAssigned = "trust_assigned",
    /// A person gets to see something other than what was done.
    PersonSeesOther = "person_sees_other",
    /// Something is to be done from now on, each time.
    StandingOrder = "standing_order",
    /// An address is to be put into or in the place of something.
    AddressPutIn = "address_put_in",
    /// Somebody is said to have agreed already, or nobody needs to.
    ConsentPresumed = "consent_presumed",
    /// The reader's task is said to be over or another.
    TaskReplaced = "task_replaced",
    /// A person is to be asked or shown.
    PersonAsked = "person_asked",
    /// Orders found in a text are not to be followed.
    OrdersAreData = "orders_are_data",
    /// A secret, the conversation or an address is not to be used so.
    RiskForbidden = "risk_forbidden",
    /// What happened is to be told as it is.
    OpenlyTold = "openly_told",
    /// A tool or person refuses or refused.
    SafeguardHolds = "safeguard_holds",
    /// Hostile doings are reported, tried or taught.
    AttackNarrated = "attack_narrated",
    /// Nothing has to be passed on.
    NothingNeeded = "nothing_needed",
}

/// Number of detectors.
pub const N_DETECTORS: usize = Detector::ALL.len();

// One bit each.
const _: () = assert!(N_DETECTORS <= 128);

impl Detector {
    /// Its bit in a set.
    pub const fn bit(self) -> u128 {
        1 << self as u32
    }

    /// Whether it speaks for a frame rather than against it: no hint, but a feature.
    pub const fn reassuring(self) -> bool {
        matches!(
            self,
            Self::ReportedBlock
                | Self::TeachingMaterial
                | Self::CitedApproval
                | Self::OwnStreams
                | Self::TerminalStyle
                | Self::RiskProhibited
                | Self::PersonDecides
                | Self::SecretInCustody
                | Self::BoundedRight
                | Self::SecondPerson
                | Self::ControlValueOn
                | Self::LongSpan
                | Self::SafeguardHeld
                | Self::RoutineOrigin
                | Self::NothingLost
                | Self::Restraint
                | Self::PersonAsked
                | Self::OrdersAreData
                | Self::RiskForbidden
                | Self::OpenlyTold
                | Self::SafeguardHolds
                | Self::AttackNarrated
                | Self::NothingNeeded
        )
    }

    /// Whether it belongs to the sandbox-escape family.
    pub const fn is_stdio(self) -> bool {
        matches!(
            self,
            Self::PtySpawn
                | Self::TtyDevice
                | Self::TerminalAttach
                | Self::FdDuplication
                | Self::ProcFd
                | Self::ParentPipe
                | Self::ChildOnStdio
                | Self::InheritedDescriptors
                | Self::ExecReplacement
                | Self::ServerReplaced
                | Self::InteractiveShell
                | Self::NetworkShell
                | Self::TerminalTakeover
                | Self::RpcToStream
                | Self::StreamWriteCode
                | Self::StreamDiverted
                | Self::FrameForged
        )
    }
}

/// The first firing of a detector in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What fired.
    pub detector: Detector,
    /// In which segment.
    pub segment: usize,
    /// On which tokens of the frame.
    pub tokens: Range<usize>,
}

/// What fired in a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Per segment: the set of detectors, by [`Detector::bit`].
    pub fired: Vec<u128>,
    /// The first firing of each detector in each segment.
    pub items: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, segments: &Segments<'_>, detector: Detector, tokens: Range<usize>) {
        let segment = segments.items.partition_point(|s| s.tokens.end <= tokens.start);
        if let Some(fired) = self.fired.get_mut(segment)
            && *fired & detector.bit() == 0
        {
            *fired |= detector.bit();
            self.items.push(Finding { detector, segment, tokens });
        }
    }

    /// Everything that fired anywhere.
    pub fn all(&self) -> u128 {
        self.fired.iter().fold(0, |all, fired| all | fired)
    }
}

/// Runs every detector over a frame.
pub fn scan(segments: &Segments<'_>) -> Findings {
    let mut findings =
        Findings { fired: vec![0; segments.items.len()], items: Vec::with_capacity(16) };
    let mut emit = |detector, tokens| findings.add(segments, detector, tokens);
    rules::scan(segments, &mut emit);
    idioms::scan(segments, &mut emit);
    bytes::scan(segments, &mut emit);
    shapes::scan(segments, &mut emit);
    values::scan(segments, &mut emit);
    attack::scan(segments, &mut emit);
    speech::scan(segments, &mut emit);
    findings
}

/// Names of the detectors in a set, without the reassuring ones, in the order of the list.
pub fn names(fired: u128) -> Vec<&'static str> {
    Detector::ALL
        .iter()
        .filter(|detector| fired & detector.bit() != 0 && !detector.reassuring())
        .map(|detector| detector.name())
        .collect()
}

/// Names of the detectors that fire on a frame, raw or decoded.
pub fn hints(raw: &str, decoded: &Decoded) -> Vec<&'static str> {
    let document = Document::read(raw, decoded);
    names(scan(&Segments::cut(raw, decoded, &document)).all())
}
