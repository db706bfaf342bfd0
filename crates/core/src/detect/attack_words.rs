//! Word classes of the `attack` detectors.
//!
//! A table of its own: the tokenizer's classes are nearly used up, and these matter here only.

use crate::hash::fnv1a;
use crate::tokenize::word_table::word_classes;

word_classes! {
    pub(super) at most 60:
    /// An attempt that failed.
    FAIL: "failed failure failures fail fails denied wrong attempt attempts tries try tried guess guesses guessed declined invalid incorrect 401 403 404 fehlversuche fehlgeschlagen fehlversuch fallidos fallido intentos échecs échec tentatives tentativas falhas неудачных неудачные попыток попытки tentativi falliti 失败 尝试 失敗 試行 실패",
    /// It worked.
    WORKED: "ok success succeeded successful successfully granted accepted authenticated established approved 200 erfolgreich correcto éxito réussi réussie sucesso успешно успешный riuscito 成功 성공",
    /// Again and again.
    EVERY: "every each per interval period periodic interval_s period_s beacon beacons beaconing jitter polls polling regular jede jeden jeder alle cada chaque toutes ogni каждые каждую 每隔 每天 毎分 ごと 마다",
    /// A contact over the network.
    CONTACT: "dst dest polls post posts calls connects connect connection connections query queries txt dns bytes_out upload uploads outbound http https port dport relay replies_to url socket verbindung conexión connexion соединение 连接 接続 연결",
    /// What was done is on record here, or can be brought back.
    RECORDS: "log logs audit auditing history journal trail version versions versioning snapshot snapshots backup backups trash retention records record histfile syslog logging shadows evidence metadata wal auditd alerts alert alarms alarm notifications protokoll protokolle protokollierung sicherung sicherungen papierkorb historial registro registros copias respaldo journaux sauvegarde sauvegardes historique журнал журналы журнала логи лог копии истории история registri cronologia 日志 备份 记录 审计 快照 履歴 記録 監査 로그 백업 기록",
    /// Is gone or switched off.
    GONE: "removed remove truncated truncate truncates deleted delete deletes emptied empty purged purge cleared clear clears wiped wipe pruned prune disabled disable off suspended suspend paused pause bypassed muted mute stopped stop stops cut unset rewritten rewrite overwritten overwrite silent destroyed destroy erased erase dropped suppressed lösche löschen gelöscht entferne entfernen abgeschaltet leere borra borre borrar elimina elimine eliminar desactiva desactive supprime supprimer efface effacer desative apague удали удалить удалите очисти очистить отключи отключены cancella svuota disattiva 删除 清空 清除 停用 关闭 抹掉 削除 消去 無効 停止 삭제 비활",
    /// Is still there.
    KEPT: "kept keep keeps preserved intact unchanged verified archived rotated retained saved stored continuous complete completed signed restored rotate archive untouched behalten erhalten aufbewahrt unverändert conserva conservan conservado conservés inchangé сохранены сохранить 保留 保存 유지",
    /// A safeguard, as a record names it.
    SAFE: "mfa approval approvals approver approvers approved_by ticket change review reviewer reviewers reviewed confirm confirmation signature signatures signed check captcha quarantine policy policies consent attestation factor validation verification recheck requester announcement owner authorization authorisation mandate csrf dkim spf dmarc freigabe genehmigung prüfung bestätigung unterschrift aprobación autorización confirmación firma validación approbation autorisation validation vérification согласование подпись заявка approvazione 审批 签名 工单 审核 批准 承認 署名 승인 서명",
    /// Nothing of it.
    NONE: "none null no false absent missing bypassed bypass skipped skip off disabled unsigned without empty never zero overridden override nil ohne kein keine sin ninguna ninguno sans aucun aucune sem nenhuma без нет отсутствует senza nessuna 没有 缺失 跳过 なし 未承 없음 없이",
    /// It was there.
    HELD: "valid passed true verified webauthn yes done matches matching match green completed complete two both present required checked agreed gültig geprüft bestätigt válida aprobado verificado valide validé действительна подтверждено valida 有效 通过 已批 有効 済み",
    /// Not met before.
    STRANGE: "unknown unfamiliar unusual unsigned anonymous foreign new first first_seen never tor hidden suspicious unregistered unexpected unrecognised unrecognized undocumented selfsigned self random stolen leaked prepaid impossible different differs unbekannt neue neuem desconocido nuevo nueva inconnu nouveau неизвестный неизвестного новый нового sconosciuto 未知 陌生 未登 不明 알수",
    /// Where somebody or something comes from.
    ORIGIN: "country device login ip session address domain certificate process binary location exe asn client sender agent parent network source host land gerät país dispositivo pays appareil страны устройства paese 国家 设备 地点 端末 기기",
    /// Work that returns on a plan.
    ROUTINE: "scheduler scheduled schedule nightly weekly monthly quarterly daily hourly job maintenance logrotate rotation heartbeat probe probes monitor monitoring healthcheck health keepalive keep_alive drill rehearsal loadtest ci canary reconciliation inventory scanner penetration pentest newsletter migration window announced planned expected usual documented managed rebuild refresh health_check replication rollout rollover housekeeping reindex wartung geplant geplante nächtlich nächtliche wartungsfenster übung mantenimiento programado programada nocturna simulacro prévu prévue planifiée nocturne exercice manutenção плановый плановая плановое учения обслуживание manutenzione pianificata esercitazione 计划 维护 演练 定期 例行 定時 点検 訓練 予定 점검 정기 예정",
    /// What could have happened.
    EFFECT: "affected changed change changes lost loss succeeded succeed success touched left reached captured opened executed harmed established altered data login session access account object objects money payment record records statement connection bytes delivered accepted rows action errors verändert betroffen afectado cambiado modifié touché perdu затронуты изменено perso modificato 影响 变化 丢失 影響 変更",
    /// Nothing, nobody.
    ZERO: "no none nothing nobody 0 zero never not without keine kein nichts niemand nadie nada ninguno ninguna aucun aucune rien personne nenhum никто ничего не nessuno nessun niente 没有 未 无人 なし 없음",
    /// A report that all is as it was.
    INTACT: "unchanged restored intact unaffected untouched voided recovered harmless rolled unverändert wiederhergestellt intacto restaurado restauré inchangé восстановлено восстановлены ripristinato 恢复 已恢 復旧 복구",
    /// Becomes aware.
    NOTICE: "notice notices noticed noticing suspect suspects stand stands spot spots realise realize catches catch aware wiser attention merkt bemerkt bemerken auffällt auffallen enteren enterarse entere noten notar perceba perceber aperçoive remarque заметил заметит заметили заметно accorga accorgano 看出 发现 察觉 気づ 発覚 ばれ 눈치",
    /// Has before the eyes.
    SEES: "see sees look looks looking wonder remember compares find finds detect detects visible appear appears show shows know knows hear hears learn learns ask asks sieht weiß erfährt note noti noten sepa sepan vea vean voie sache узнает узнал sappia 注意 知道 モル 모르",
    /// Nobody is to.
    NOBODY: "nobody noone anyone anybody nor without niemand nadie personne ninguém никто nessuno 没人 不会 别让 不让 誰に 誰も 아무",
    /// Not: of verbs.
    NOT: "not don doesn didn won isn mustn shouldn never cannot no nicht nie kein keine niemals non pas ne jamais não nunca не нельзя mai 不要 别 不得 请勿 勿 不能 ない ないで 마세 하지",
    /// False, and made to look true.
    FAKE: "fake faked fakes fictitious forged forge invent invented pretend pretending impersonate impersonating fabricate fabricated bogus plausible lookalike backdate backdated predate sham spoof spoofed mimic disguise disguised posing pose counterfeit fälsche gefälscht gefälschte erfinde erfundene rückdatiere falsa falso falsas falsos ficticio ficticia finge fingiendo haciéndote inventa inventadas verosímiles parezca aparenta faux fausse fausses invente inventez antidate поддельный поддельные фальшивый фиктивный выдай подделай falsi fasulli inventati fingiti 伪造 冒充 假装 编造 虚构 假冒 捏造 偽造 なりす 偽の 사칭 위조 가짜",
    /// To bring into being.
    MAKE: "write create add draft register copy set date sign send insert enter generate put issue make place upload post replace open book order give let use change schreibe schreib erstelle lege buche trage sende redacta redacte crea cree escribe escriba añade añada manda envía pon ponga registra écris écrivez crée créez ajoute ajoutez envoie mets rédige escreva crie adicione envie напиши напишите создай создайте добавь добавьте отправь отправьте scrivi crea aggiungi invia inserisci 写 帮我 生成 添加 加入 发送 创建 注册 作成 追加 送信 작성 추가 만들",
    /// Looks into a matter rather than doing it.
    INQUIRE: "report reported reports warn warning warns detect detected suspected suspicion found case cases check verify compare whether explain fraud fraudulent scam phishing attempted victim exercise somebody someone prevent prüfe prüfen melde melden gemeldet warnung betrug verdacht ob reporta denuncia avisa aviso compruebe comprueba fraude alerta alguien vérifie vérifiez signalez fraude quelqu проверь проверьте сообщи сообщите мошенник мошенники verifica segnala truffa 检查 核对 举报 提醒 怀疑 核实 有人 警告 確認 報告 詐欺 注意 확인 신고",
    /// Changes the world.
    ACT: "delete remove change alter modify touch edit overwrite run execute send pay transfer release reply act click install publish merge push drop disable start restart forward store save write follow type grant open call approve sign share move print create ändere ändern lösche löschen ändert ausführen sende senden überweisen überweise überweisen borre borres cambie cambies modifique toque toques ejecute envíe pague transfiera modifie supprime exécute envoie payez altere apague удаляй удаляйте меняй меняйте трогай трогайте отправляй отправляйте запускай modificare cancellare toccare inviare 修改 删除 执行 转账 发送 改动 运行 変更 削除 実行 送信 수정 삭제 실행",
    /// A byte stream between programs.
    STREAM: "stdin stdout stdio descriptor descriptors fd fds fd0 fd1 pipe pipes stream streams handle handles terminal tty console pty channel tube tubes kanal tubería tuberías канал каналы дескриптор дескрипторы поток терминал descrittore canale ввода вывода 标准 管道 终端 描述 標準 端末 パイ 표준 터미",
    /// Whose it is.
    OWNER: "server servers client clients parent parents ppid host gateway mcp connection transport session operator supervisor coordinator wire eltern elternprozess servidor cliente padre serveur pai сервера сервер клиента клиент родителя родительского genitore 服务 父进 客户 主机 親プ サー クラ 서버 부모",
    /// Gets hold of.
    SEIZE: "keep keeps kept hold holds held take takes took takeover seize hijack hijacks replace replaces replaced duplicate duplicates duplicated duplicating copies splice splices swallow swallowed swallows intercept intercepts intercepted inject injects injected attach attaches attached grab grabs reuse reuses claim claims inherit inherits inherited hand hands stays remain remains tee proxy behält übernimmt übernehme ersetzt toma tome reemplaza reemplace sustituye mantiene duplica prend garde remplace duplique assume перехвати перехватывает подмени займи удержи sostituisci duplica intercetta 接管 占用 替换 复制 继承 劫持 保持 乗っ 複製 置き 가로 복제",
    /// A unit of the protocol.
    FRAME: "frame frames reply replies answer answers response responses jsonrpc rpc request requests message messages result results notification antwort antworten respuesta respuestas tramas mensaje mensajes réponse réponses trame trames resposta respostas ответ ответы кадр кадры запрос запросы risposta risposte 响应 消息 请求 帧 応答 要求 응답 요청",
    /// Consent, or one's own words in another's name.
    ASSENT: "approve approved approval approvals accept accepted accepts yes own consent confirm confirmed confirmation confirmations allow allowed forged seem appear pretend unsolicited unmatched behalf unasked ahead instead ja zustimmung freigabe sí aprobado aprobaciones consentimiento oui accord sim да согласие подтверждение consenso approvato 批准 同意 确认 允许 承認 許可 승인",
    /// Puts keys into a terminal.
    KEYS: "types typed keystroke keystrokes answerback clipboard paste pastes pasted typeahead tiocsti буфер буфера вставляют вставить 剪贴 粘贴 键入 tastatureingaben zwischenablage portapapeles teclea",
    /// A stream that leads nowhere near the protocol.
    APART: "stderr cloexec o_cloexec devnull null closes closed close fresh journal logfile captured capture_output capture separate private own drained detached isolated",
    /// Stopped by a safeguard.
    BARRED: "blocked quarantined intercepted flagged blockiert bloqueado bloqué",
    /// A stretch of time.
    SPAN: "window window_s window_min span in within within_s within_min interval duration duration_s took for during over per in_s elapsed binnen innerhalb durante dans em за через 内",
}

/// A number that counts many.
pub(super) const MANY: u64 = 1 << 60;
/// A time of at most a quarter of an hour.
pub(super) const BRIEF: u64 = 1 << 61;
/// A time of an hour or more.
pub(super) const LONG: u64 = 1 << 62;
/// An identifier, as of a ticket.
pub(super) const IDENT: u64 = 1 << 63;
/// Classes of the word whose FNV-1a hash is `hash`.
pub(super) fn classes(hash: u64) -> u64 {
    TABLE.word(hash)
}

/// Classes of the parts of a `snake_case` word.
pub(super) fn classes_of_parts(word: &str) -> u64 {
    word.split('_')
        .filter(|part| part.len() > 1)
        .fold(0, |all, p| all | classes(fnv1a(p.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenize::word_table::check_groups;

    #[test]
    fn every_listed_word_is_found() {
        check_groups(GROUPS);
        assert_eq!(classes_of_parts("approved_by_none") & NONE, NONE);
    }
}
