//! Word classes: what kind of thing a word names, in several languages.
//!
//! Detectors combine classes ("an order word near a tool word before a read word"), so that a
//! signal does not hang on one phrasing. One probe per token.

use super::word_table::word_classes;
use crate::hash::fnv1a;

word_classes! {
    pub at most 61:
    /// Sets something aside.
    OVERRIDE: "ignore ignores ignored ignoring disregard disregards disregarding forget override overrides overriding bypass discard neglect supersede aside ignoriere ignorieren vergiss missachte beachten ignora ignorar ignoren ignorez ignorer oublie oubliez olvida olvide desconsidere desconsidera ignorare dimentica 忽略 無視 无视 忘记 игнорируй забудь",
    /// Came earlier.
    PRIOR: "previous prior earlier above preceding former existing initial original bisherigen bisherige vorherigen vorherige frühere früheren obigen anterior anteriores previas previos précédentes précédente antérieures precedenti prévias 之前 以前 上述 此前 先前 今ま предыдущие",
    /// A norm the assistant follows.
    INSTRUCTION: "instruction instructions rule rules guideline guidelines guidance policy policies directive directives prompt prompts constraint constraints restrictions orders brief anweisung anweisungen regel regeln vorgaben instrucciones instrucción reglas normas directrices consignes règles instructions instruções regras istruzioni 指示 规则 指令 規則 ルー 命令 提示 инструкции правила",
    /// The model that reads.
    ASSISTANT: "assistant assistants ai model models agent agents llm llms chatbot bot bots copilot gpt claude gemini reader summariser summarizer assistent assistenten ki modell asistente agente modelo ia assistente modèle assistante modello 助手 助理 模型 智能 アシ エー モデ ассистент",
    /// The person served.
    USER: "user users human humans person people operator customer customers reader someone anyone benutzer nutzer nutzerin mensch usuario usuarios utilisateur utilisateurs usuário utente 用户 使用 ユー 用戶 пользователь",
    /// Out of sight.
    CONCEAL: "hide hides hidden conceal concealed secretly silently quietly discreetly unnoticed invisible invisibly covertly private confidentially stealth stealthily heimlich still verschweige unbemerkt ocultar oculta secreto discretamente discrètement cachez secrètement escondido 秘密 隐瞒 隐藏 悄悄 密か 内緒",
    /// Says no.
    NEGATION: "not no never don dont doesn without nobody nothing none cannot avoid refrain omit nicht kein keine ohne niemals nie nunca sin jamás ne pas sans jamais não sem non senza mai 不要 不得 不能 不必 ない せず 请勿 无需 без",
    /// Informs somebody.
    TELL: "tell tells mention mentions inform informs reveal disclose notify say says report show explain discuss acknowledge reference refer erwähne erwähnen sagen mitteilen melden mencionar mencione menciones decir informar avisar dire mentionner informer avertir dizer mencionar avisar dire 告诉 提及 告知 提到 透露 知ら 伝え 言及",
    /// An obligation.
    MODAL: "must always should required require requires mandatory need needs shall obligatory necessary ensure compulsory obliged has muss müssen soll immer erforderlich debe deben siempre obligatorio necesario doit devez toujours obligatoire deve sempre obrigatório 必须 必要 务必 应该 需要 必ず べき",
    /// Ahead of something else.
    BEFORE: "before prior first beforehand bevor vor zuerst vorab antes primero avant abord prima primeiro 首先 事前 まず",
    /// Calls a tool.
    TOOLUSE: "call calls calling called invoke invokes invoking invocation use uses using tool tools function functions request requests execute run running aufruf aufrufen werkzeug werkzeuge verwenden herramienta herramientas llamar usar outil outils appeler utiliser ferramenta chamar 工具 调用 使用 ツー 呼び 実行",
    /// A secret.
    SECRET: "password passwords passwd passphrase secret secrets token tokens credential credentials apikey api_key key keys cookie cookies bearer private_key keychain keystore kubeconfig seed mnemonic pin otp contraseña contraseñas clave claves credenciales passwort passwörter schlüssel zugangsdaten mot_de_passe motdepasse identifiants clé clés senha senhas chave segredo 密码 密钥 令牌 凭证 凭据 パス 鍵を 秘密 пароль",
    /// Part of a path where secrets lie.
    SECRETPATH: "ssh id_rsa id_ed25519 id_ecdsa aws gnupg netrc npmrc pypirc shadow pgpass authorized_keys dockercfg git_credentials credentials_json kube kubeconfig keytab environ wallet htpasswd service_account serviceaccount sam ntds lsass",
    /// Gives away.
    SEND: "send sends sending sent post posts upload uploads forward forwards transmit transmits email mail exfiltrate share copy publish paste append attach include embed deliver relay submit report ship sync transfer sende senden schicke schicken übermittle weiterleiten hochladen kopiere enviar envía envíe enviando enviarlo reenviar adjuntar subir copiar envoyer envoie envoyez transmettre joindre envie enviar anexar inviare 发送 发到 上传 转发 复制 附上 送信 送っ 転送 添付",
    /// Takes in.
    READ: "read reads reading open opens opened cat load loads fetch fetches get gets collect collects gather dump dumps retrieve extract grep locate list lies lese lesen öffne hole leer lea lee abrir obtener lire lisez ouvrir récupérer ler leia abrir leggere 读取 打开 获取 收集 查看 読み 開い 取得",
    /// Moves bytes over a network.
    NETTOOL: "curl wget nc ncat netcat socat telnet ftp tftp scp rsync iwr irm certutil bitsadmin invoke_webrequest aria2c",
    /// A command interpreter.
    SHELL: "sh bash zsh dash ksh csh tcsh ash cmd powershell pwsh busybox fish shell shells",
    /// A language's interpreter.
    INTERPRETER: "python python2 python3 perl ruby php node deno bun lua awk osascript wscript cscript mshta",
    /// Duplicates a descriptor.
    FDCALL: "dup dup2 dup3 fdopen scm_rights pidfd_getfd sendmsg fcntl f_dupfd duplicatehandle setstdhandle dupx",
    /// Makes a terminal.
    PTYCALL: "pty ptys openpty forkpty ptmx ptyprocess pexpect nodepty conpty conhost posix_openpt grantpt unlockpt winpty login_tty pseudoterminal pseudoconsole createpseudoconsole",
    /// Replaces a process.
    EXECCALL: "exec execs execv execve execvp execvpe execl execlp execle fexecve spawnv spawnl createprocess shellexecute winexec",
    /// Starts a process.
    SPAWN: "spawn spawns spawned spawning spawnsync fork forks forked forking vfork clone popen subprocess child_process childprocess child children grandchild subshell launches launched launch posix_spawn startprocess process_start kindprozess hijo enfant filho 子进 子プ",
    /// A standard stream or descriptor.
    STDIO: "stdin stdout stderr stdio descriptor descriptors fd fds fd0 fd1 fd2 fileno conin conout std_input std_output standardeingabe standardausgabe stdstreams file_descriptor descriptores descripteurs 标准 標準",
    /// Shares or keeps hold of a stream.
    INHERIT: "inherit inherits inherited inheriting bound bind binds binding attach attached attaches hand hands handed holds held keeps keep shared share duplicate duplicated duplicates redirect redirects redirected hijack hijacked connected connect steal takes erbt geerbt vererbt heredado heredados hereda hérité hérités herdado 继承 引き 継承",
    /// The process above, or the server.
    PARENT: "parent parents ppid getppid host server servers gateway supervisor mcp parentimage client clients elternprozess übergeordneten padre servidor servidores serveur pai cliente 父进 服务 親プ サー",
    /// A byte stream between processes.
    PIPE: "pipe pipes pipeline fifo mkfifo mknod stream streams socketpair channel tubería tuberías tube tubes kanal 管道 パイ",
    /// A protocol message.
    RPC: "jsonrpc json rpc frame frames notification notifications reply replies response responses message messages result results tools_call 响应 応答",
    /// Puts bytes out.
    WRITE: "write writes wrote written writing print prints printf println echo emit emits emitted inject injects injected injecting puts push pushes produce produced forwards answers schreibe schreiben schreibt escribir escribe escribir écrire écrit escrever escreve 写入 写到 输出 書き 出力",
    /// Names power.
    PRIVWORD: "admin admins administrator administrators administrador administrateur root sudo superuser superadmin owner privileged privilege privileges elevated setuid wildcard sysadmin sysadmins clusteradmin cluster_admin domain_admins rootful unrestricted god administratorrechte rechte permisos droits permissões scope scopes permission permissions role roles 管理 权限 特权 管理者 権限",
    /// Gives power.
    GRANT: "grant grants granted granting add adds added assign assigned promote promoted elevate elevates escalate give gives raise raised widen widened extend extended upgrade make makes set become gewähre erteile setze conceder otorgar asignar añadir accorder donner attribuer conceder atribuir 授予 赋予 提升 添加 付与 追加",
    /// Switches off.
    DISABLE: "disable disables disabled disabling deactivate deactivated bypass bypasses bypassed bypassing skip skips skipping suppress suppressed unset off turn remove removes removed stop stopped kill pause mute deaktiviere deaktivieren abschalten desactivar desactiva omitir saltar désactiver désactivez contourner desativar 禁用 关闭 跳过 绕过 無効 停止",
    /// A safeguard.
    CONTROL: "check checks mfa 2fa totp audit auditing approval approvals review reviews logging firewall verification validation guard guards guardrail guardrails antivirus edr selinux apparmor monitoring alert alerts alerting tls rls sandbox sandboxing filter filters quarantine signature signatures prüfung genehmigung freigabe überprüfung verificación aprobación revisión auditoría vérification approbation verificação aprovação 审批 审核 检查 验证 承認 検証 監査",
    /// Destroys.
    DESTRUCT: "rm delete deletes deleted deleting drop drops truncate wipe wipes wiped shred destroy destroyed purge purged erase erases mkfs unlink rmdir overwrite overwrites leeren löschen lösche borrar eliminar borra supprimer effacer apagar excluir 删除 清空 抹除 削除 消去",
    /// Without limit.
    ALL: "all every entire everything any whole each alle alles sämtliche gesamte todos todas toda todo tous toutes tout tudo 所有 全部 一切 すべ 全て",
    /// Speaks for the platform.
    SYSTEMWORD: "system developer platform administrator maintenance vendor provider operator compliance headquarters ceo plattform sistema plataforma système plateforme 系统 平台 シス 開発",
    /// An announcement.
    NOTICE: "note notice message update important urgent attention critical warning reminder announcement mode hinweis wichtig achtung meldung aviso nota importante urgente atención remarque avis attention 注意 通知 重要 提醒 お知 緊急",
    /// Plays a part.
    ROLE: "act acts acting pretend pretending roleplay persona simulate impersonate impersonates impersonating behave rolle actúa finge agis aja 扮演 假装 ふり 演じ",
    /// The one addressed.
    YOU: "you your yourself yours du dein deine dir dich ihr tu tus usted ustedes tú vous votre você seu sua 你的 你现 您的 请你 あな",
    /// From this moment.
    NOW: "now henceforth onwards onward hereafter immediately jetzt ab sofort nun ahora inmediatamente adelante désormais maintenant immédiatement agora imediatamente 现在 从现 立即 马上 今後 直ち 今か",
    /// A condition.
    CONDITION: "if when whenever once unless until as wenn sobald falls si cuando siempre lorsque quand dès quando se 如果 每当 一旦 もし 場合",
    /// What the assistant gives back.
    ANSWER: "answer answers answering reply replies respond responds response output summary summaries summarise summarize conclusion antwort antworte antworten respuesta responde responder contesta réponse répondre répondez resposta responda 回答 回复 答复 总结 返事 答え",
    /// Function words: they carry little.
    STOP: "the a an and or of to in on at by for with from is are was were be been it its this that these those as into than then so but which who whose there here their they he she his her we our der die das und oder mit für von zu im am ist sind ein eine einer des dem den auf el la los las un una y o de del en con por para es son que le les et ou du au aux est sont dans pour par um uma e os as da dos na no em",
    /// Reports that a safeguard held.
    MITIGATED: "blocked denied rejected refused quarantined prevented dropped ignored contained cleaned patched fixed revoked closed resolved mitigated expired abgelehnt blockiert verweigert rechazado bloqueado denegado refusé bloqué rejeté negado 拒绝 阻止 拦截 拒否 遮断",
    /// Was agreed.
    APPROVED: "approved authorised authorized documented scheduled planned ticket change reviewed confirmed consent declared registered genehmigt freigegeben aprobado autorizado approuvé autorisé aprovado 批准 已批 承認 計画",
    /// Teaching or testing material. Not "example": reserved host names end in it.
    TEACHING: "examples sample training awareness documentation docs guide tutorial explain explains exercise fixture quiz lesson course workshop slide glossary chapter beispiel schulung ejemplo formación exemple formation exemplo treinamento 示例 例如 培训 文档 例え 研修 説明",
    /// A place outside.
    SINK: "http https webhook ftp url endpoint smtp pastebin mailto dns external outside public telegram discord bucket ngrok externen externe externo extérieur 外部 公開",
    /// Wraps or unwraps bytes.
    ENCODE: "base64 b64 b64decode atob btoa decode decoded decodes encode encoded unhex unhexlify fromhex hex rot13 gzip gunzip fromcharcode frombase64string unescape deobfuscate xxd 解码 编码 デコ",
    /// No longer holds.
    VOID: "void obsolete suspended revoked cancelled lifted outdated invalid expired superseded replaced applies longer aufgehoben ungültig hinfällig anuladas anulado suspendidas caducadas annulées annulé suspendues anuladas revogadas 作废 失效 取消 無効 無視",
    /// Puts one thing in another's place.
    INSTEAD: "instead rather supersedes supersede superseded replaces replace replaced replacing deprecated prefer preferred favour stattdessen anstelle ersetzt lugar reemplaza sustituye plutôt remplace vez substitui 代替 取代 替换 代わ 置き",
    /// What was said in the session.
    CONVERSATION: "conversation conversations history chat transcript context dialogue session messages memory gespräch gesprächsverlauf verlauf conversación historial conversation historique conversa histórico 对话 历史 上下 聊天 会話 履歴",
    /// Nothing else.
    ONLY: "only exactly solely just verbatim merely nur genau ausschließlich solo solamente únicamente exactamente seulement uniquement exactement apenas somente 只能 仅仅 只说 だけ のみ",
    /// Somebody's say.
    APPROVAL: "approval confirmation confirm confirming consent asking ask permission prompt prompting review rückfrage rückfragen bestätigung zustimmung confirmación confirmar preguntar aprobación confirmation demander consentement confirmação perguntar 确认 询问 批准 同意 確認 許可",
    /// A command that gains or opens rights.
    PRIVCOMMAND: "sudo su doas runas pkexec setuid setcap chmod chown usermod visudo nopasswd sudoers adduser useradd gpasswd net_admin cap_sys_admin sys_admin hostpath hostpid privileged nsenter unshare chroot assumerole passrole setuserpassword",
    /// Hostile telemetry.
    HOSTILE: "beacon beacons beaconing c2 scan scans scanned scanning sweep sweeping bruteforce brute spray spraying lateral tamper tampered tampering exfil dga ransom ransomware encryptor keylogger mimikatz implant backdoor rootkit botnet miner cryptominer webshell spoofed spoofing replayed impossible anomalous",
    /// Failed attempts.
    FAILURE: "failed failure failures invalid incorrect denied unauthorized unauthorised 401 403 4625 mismatch timeout attempts attempt fehlgeschlagen fallido échoué falhou 失败 失敗",
    /// Records of what happened.
    LOGS: "log logs logging journal history auditlog audit events eventlog wevtutil trail syslog telemetry bash_history protokoll registros registro journaux 日志 记录 ログ",
    /// Money on its way.
    MONEY: "iban payment payments payout payouts transfer transfers invoice invoices account accounts bank beneficiary payroll refund refunds wire zahlung konto überweisung rechnung pago cuenta transferencia paiement compte virement pagamento conta 付款 账户 转账 发票 支払 口座 振込",
    /// Makes different.
    CHANGE: "change changes changed changing replace replaces replaced swap swapped alter altered modify modified redirect redirected rewrite ändere geändert ersetze cambiar cambia cambiado modifier changer remplacer alterar mudar 更改 修改 替换 変更",
    /// Where a person types.
    TERMINAL: "terminal terminals tty ttys console screen cursor keyboard clipboard tcsetattr termios stty setsid tiocsti tiocsctty setctty ctty setrawmode controlling terminals pts konsole consola terminale 终端 端末",
    /// A network connection in code.
    SOCKET: "socket sockets create_connection connect listen tcpclient net_connect socketpair reverse bindshell",
    /// Takes the place of a process, or hold of a terminal.
    TAKEOVER: "raw rawmode cbreak noecho setraw tiocsti tiocsctty setsid setrawmode tcsetattr controlling alternate takeover takes take took replaced replaces replacing replace swapped swap suspended orphaned detached disown nohup place hijacks hijack hijacked impersonates übernimmt ersetzt toma reemplaza remplace assume 接管 取代 乗っ",
}

/// A word of several parts joined by underscores, as tools and parameters are named.
pub const IDENTIFIER: u64 = 1 << 63;

/// Classes of a lower-cased word whose FNV-1a hash is `hash`; 0 for a word of no class.
pub fn classes(hash: u64, word: &str) -> u64 {
    let found = TABLE.word(hash);
    if found == 0
        && word.len() > 4
        && let Some(stem) = word.strip_suffix('s')
    {
        return TABLE.word(fnv1a(stem.as_bytes()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::word_table::check_groups;
    use super::*;

    fn of(word: &str) -> u64 {
        classes(fnv1a(word.as_bytes()), word)
    }

    #[test]
    fn words_have_their_classes() {
        assert_eq!(of("ignore") & OVERRIDE, OVERRIDE);
        assert_eq!(of("忽略") & OVERRIDE, OVERRIDE);
        assert_eq!(of("descriptors") & STDIO, STDIO);
        assert_eq!(of("gateways") & PARENT, PARENT, "plurals are found by their stem");
        assert_eq!(of("banana"), 0);
        assert_eq!(of(""), 0);
    }

    #[test]
    fn every_listed_word_is_found() {
        check_groups(GROUPS);
    }
}
