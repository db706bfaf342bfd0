//! Word classes of the values group: who holds what, who has a say, what leaves.
//!
//! An entry that ends in `*` is a stem: languages that bend their words need them. A word may be of
//! several classes.

use crate::{hash::fnv1a, tokenize::word_table::word_classes};

word_classes! {
    pub(super) at most 60:
    /// Says no to what follows (or, in some languages, to what stands before).
    NEG: "not never no nor don dont doesn doesnt neither cannot nobody nothing won mustn shouldn nicht kein keine keinen keinem keiner nie niemals nichts niemand nunca jamás tampoco nadie nada non mai nessuno niente pas jamais ni personne aucun aucune rien não jamais ninguém nenhum не никогда нельзя ничего никто nie nigdy nikt niczego 不要 请勿 切勿 不得 不能 不会 不可 不准 禁止 没有 ない なく せず ません ずに 않 마세요 말고 마십시오 말아 없습니다 안 못 niet geen nooit değil",
    /// A no that may stand behind what it negates.
    POSTNO: "nicht kein keine keinen nichts ない なく せず ません ずに 않 마세요 말고 마십시오 말아 없습니다",
    /// Leaves out what follows.
    WITHOUT: "without sin senza sans ohne sem без bez zonder ohne 无需 不经 未经 なし 없이 unasked ungefragt unprompted skipping anstatt",
    /// Something is needed (with a no: it is not).
    NEED: "need* necess* bother* require* wait* nötig brauch* benötig* müss* muss falta hace necesi* tiene* preciso bisogno serve occorre besoin faut nécess* precis* нужн* надо требу* стоит trzeba potrzeb* musisz 需要 必要 필요 unnecess* needn",
    /// A no and a need in one word.
    UNNEEDED: "needn unnecess* unnötig* überflüssig* innecesari* inutile superflu* desnecess* незачем 不必 无须 不用 无需 毋须 不要で 불필요* redundant formality formalité formalità formalidad",
    /// Somebody's say is asked for.
    ASK: "ask asks asking confirm* approv* approb* consent* permission* consult* question* sign_off signoff signed agree* authoris* authoriz* autoris* autoriz* autorizz* dialog* countersign* release* frag* rückfrag* nachfrag* bestätig* zustimm* genehmig* freigab* freigeb* einwillig* erlaubnis preguntar* pregunta* aprob* consult* permiso chied* conferm* approvaz* consens* permess* demand* confirme* accord confirma* aprova* pergunt* consentim* разреш* согласи* спраши* спрос* подтвер* одобр* zgod* pyta* zapyta* potwierdz* zatwierdz* 询问 征求 同意 批准 确认 审批 許可 確認 承認 同意 승인* 동의* 확인* 허락*",
    /// Somebody learns something.
    TELL: "tell* told mention* inform* notif* hear* notic* report reports show* disclose* erwähn* sagen sag mitteil* informier* erfahr* wissen zeig* benachrichtig* melde* avis* mencion* sepa* saber informar* decir* contar dire dites prévenir prévenez avvis* sapere savoir mentionn* dirlo diga avise conte* сообща* сообщ* знать говори* предупрежд* упомин* powiadom* mów* wiedzie* informuj* 告诉 告知 提及 提起 知道 通知 知ら 伝え 報告 知らせ 알리* 알려* 말하* 언급* know knows known knowledge warn warned",
    /// A secret.
    SECRET: "password* passwd passphrase* secret secrets token tokens credential* apikey api_key key keys cookie cookies bearer keychain keystore kubeconfig mnemonic pin pins otp codes login logins netrc npmrc pypirc id_rsa id_ed25519 pgpass environ connection_string printenv contraseñ* clave claves credencial* passwort* kennwort* kennwört* schlüssel* zugangsdat* zugangsschlüssel umgebungsvariab* identifiant* clés clé mot_de_passe senha* chave chaves credenzial* chiav* парол* ключ* токен* секрет* учётн* hasł* klucz* token* poświadcze* 密码 密钥 令牌 凭证 凭据 连接串 验证码 パス 鍵を 秘密 トー 資格 認証 비밀번호* 토큰* 키를 자격* 인증번호* 인증* 쿠키* session_id sessionid recovery ssh aws seed env printenv",
    /// Data about people.
    PERSONAL: "salary salaries payroll passport* patient* medical diagnos* iban birth ssn personnel personal private addresses phone health customer* gehalt* patient* kund* nómina salud pacient* salute stipend* salári* зарплат* пациент* pesel 工资 病历 身份证 患者 給与 개인정보* 환자* inbox mailbox",
    /// Puts something somewhere else.
    MOVE: "send sends sending put puts paste pastes append* attach* insert* fill fills copy copies copying post posts upload* encode* pass passes embed* include* submit* forward* transmit* add adds place write writes export exports deliver* supply supplies ship base64 set enter join mail mails relay* send* schick* send* übermitt* anhäng* hängt kopier* einfüg* füg* setzen trage* trägt übertrag* gib geben envi* añad* adjunt* copi* pegue pega ponga ponlo inclu* agreg* mand* invi* aggiung* alleg* incoll* inser* mett* envoy* ajout* joign* join* coll* transmet* recopi* insér* anex* coloq* cole preench* publiq* acrescent* отправ* вставь* вставля* пришл* перешл* положи* запиши* добав* скопир* wyśl* wysył* wklej* dołącz* dopisz* skopiuj* wpisz* 发送 发到 提交 附上 附在 写入 填写 上传 转发 粘贴 送信 追加 貼り 添付 書き 転送 付け 記入 보내* 첨부* 붙여* 추가* 전송* 입력* 복사* putting adding sending passing writing posting supplying",
    /// Gets hold of something.
    OBTAIN: "read reads open opens collect* gather* take takes fetch* obtain* extract* dump* reveal* look* grab* pull* print prints retriev* get gets use lies lesen liest öffn* hol sammel* nimm nehmen auslesen ausgeben leer lea lee abra abre obten* recog* legg* apri* raccogl* prend* lis lisez lire ouvr* récup* recueil* leia ler abra colet* pegue читай прочит* открой* собер* возьми* найди* odczyt* otwórz* zbierz* pobierz* 读取 打开 获取 收集 复制 読み 取得 開き 集め 抽出 읽 열어* 수집* 가져*",
    /// A place in a call or message.
    FIELD: "field* parameter* argument* header* memo comment* note notes reason query subject label metadata body value values param kommentar* feld parameter* betreff campo* parámetro* comentario* parametro* nota champ* paramètre* commentaire* entête comentário* поле поля параметр* комментари* pol parametr* komentarz* 字段 参数 备注 末尾 欄に 引数 パラ コメ フィ 필드* 매개변수* 인수* 메모*",
    /// A place outside.
    OUTSIDE: "https http webhook url external* outside public publicly anonymous internet ftp world everyone everybody partner extern* extérieur* exterior* esterno öffentlich* публичн* внешн* publiczn* zewnętrzn* 外部 公开 公開 외부* 공개*",
    /// Where secrets are at home, and what keeps them fresh.
    CUSTODY: "vault vaults tresor bóveda coffre cofre cassaforte хранилищ* sejf* 保险库 金库 保管庫 シーク 금고* 볼트* rotat* rotier* rota* rotation* revok* widerruf* revoc* révoq* revog* отозв* отзыв* unieważn* odwoł* 吊销 撤销 轮换 失効 폐기* 회수* short_lived keyring secret_manager oidc hsm renewed renew* expire* fingerprint* erneuer* locked gesperrt caduc* scad* истек* wygas* 过期 期限 만료*",
    /// Not the value itself.
    MASK: "mask* redact* asterisk* placeholder* blank* dummy change_me changeme schwärz* maskier* platzhalter* sternchen oculta* asterisc* masqu* caché mascher* скрыт* звёздоч* zamask* 脱敏 打码 占位 伏せ マス 마스킹* 가려* names_only",
    /// A right or somebody who has it.
    RIGHT: "admin admins administrat* root sudo superuser owner owners ownership superadmin privilege* right rights role roles scope scopes permission* moderator* supervisor* super full_control recht rechte rolle berechtig* zugriff* permiso* rol dueñ* derech* ruolo diritti permess* proprietar* droits droit rôle propriét* permiss* perfil papel прав права роль администр* владел* upraw* rola administrator* właścicie* 管理员 管理 权限 角色 所有者 権限 役割 관리자* 권한* 소유자* dean access",
    /// Makes a right or limit bigger.
    WIDEN: "grant* give gives add adds added make makes promot* raise* widen* extend* assign* elevat* upgrade* escalat* increase* expand* put set gewähr* erteil* gib geben mach* erhöh* erweiter* trage setze otorg* conced* conceda da dale añad* asign* amplí* ampli* sube allarg* assegn* aggiung* dai metti accord* donn* ajout* élarg* élev* augment* dá dê atribu* aument* adicion* дай дать выдай* назнач* расшир* повыс* добав* сделай* nadaj* dodaj* przyzn* zwiększ* rozszerz* 授予 赋予 提升 扩大 改为 付与 追加 広げ 昇格 부여* 추가* 확대* 높여* 올려*",
    /// The speaker.
    ME: "me my myself mine mir mein meine meinem meinen meiner mich mi mí mío mia mio moi mon ma mes meu minha mim мне мой моя моего моему мою мой mnie moje mojego mój mojemu moim 我的 给我 私の 私に 自分 내 제 저를 저에게",
    /// The machine that acts.
    AGENT: "assistant assistants agent agents model models bot bots automation ai llm copilot assistent* asistent* asistente agente agentes modelo modello assistente modèle assistant* ассистент* агент* модел* бот* asystent* model* 助手 智能 模型 代理 エー アシ モデ 어시스턴트* 에이전트* 모델* 비서*",
    /// Something that keeps people safe.
    SAFEGUARD: "check checks checking verif* approval* mfa 2fa two_factor factor lock locks locked protect* filter* policy policies rule rules guard* guardian signature* notif* audit* review* logging confirmation* captcha firewall sandbox* scanner* restriction* require_* four_eyes signing allow_list allowlist whitelist monitor* consent prüf* freigabe* genehmig* sperr* schutz* regel* bestätigung* benachrichtig* überwach* verificac* protecc* aproba* auditor* regla* bloqueo filtro* verifica verifiche protezion* controll* regola blocco doppi* vérif* approb* règle* contrôl* verrou* proteç* verifica* regra* aprovaç* bloqueio проверк* защит* правил* блокиров* подтвержд* аудит* фильтр* контрол* weryfik* ochron* regu* blokad* kontrol* 审批 审核 检查 验证 保护 校验 限制 レビ 検査 保護 承認 確認 監査 検証 ルー 검토* 승인* 보호* 검증* 감사* 규칙* 확인*",
    /// Takes a safeguard away.
    OFF: "off waive* circumvent* deactivat* optional pause* paused unlock* exempt* mute abschalt* ausschalt* deaktivier* umgeh* überspring* aussetz* aufheb* entfern* ausgeschalt* abgeschalt* desactiv* omit* salt* quita* evit* suspend* disattiv* salta* togli* rimuov* elimina aggir* désactiv* contourn* supprim* saute* lève lever deslig* desativ* remova* pule pular contorn* отключ* выключ* обойд* обход* пропус* сними* снят* wyłącz* pomiń* pomin* obejd* usuń* zdejm* 禁用 关闭 跳过 绕过 取消 解除 無効 外し 回避 省略 スキ オフ 해제* 비활성* 끄 우회* 건너* disable disabled disabling skip skipped skipping bypass bypassed bypassing remove removing lift lifting suppress suppressing lifted",
    /// Somebody's identity.
    IDENTITY: "identity name profile session account login laptop signature badge namen konto identität sitzung profil kennung cuenta nombre identidad perfil sesión account nome identità profilo sessione compte nom identité conta identidade sessão имен* имя учётн* сесси* imieniu konto konta kont* nazwisk* 名义 身份 账号 账户 名義 アカ 名前 계정* 이름* 명의*",
    /// In somebody's place.
    POSING: "impersonat* posing borrow* lent masquerad* ausgeb* vorgeb* stellvertret* suplant* finga impersona* притвор* podszy* podszyw* 冒充 假装 以其 なりす 装っ 装い 사칭* 행세* 가장* pretend pretending finge fingi",
    /// A bound.
    LIMIT: "limit limits quota* cap threshold* ceiling maximum expiry ttl deadline validity spending budget limite límite* limit* grenze grenzwert* obergrenze schwelle frist gültigkeit tope umbral* caduc* soglia scadenza validità plafond seuil* échéance limite* teto prazo лимит* порог* срок* limit* próg* ważno* 限额 上限 额度 期限 有効 限度 한도* 기한* 제한* expiration",
    /// Without a bound.
    UNBOUNDED: "unlimited permanent* forever infinit* indefinite* unrestricted limitless always_allowed wildcard unbegrenzt* dauerhaft* unbefristet* ilimitad* permanente* indefinid* illimit* permanentemente sempre définitiv* постоянн* неограничен* бессрочн* stał* bezterminow* nieogranicz* 永久 无限 不限 永远 無期 無制 恒久 永久 무제한* 영구* everything",
    /// With a bound.
    BOUND: "until expires expiring temporar* read_only readonly least smallest minim* narrow* befristet* ablauf* hasta temporal* solo_lectura mínim* fino temporane* jusqu temporair* até до временн* tymczasow* 只读 截止 最小 まで 期間 까지 최소* 임시*",
    /// Somebody who can decide or be told.
    PERSON: "user users person people owner owners admin* manager* colleague* team security us me somebody someone human them supervisor duty helpdesk him her customer* nutzer* benutzer* kolleg* mensch* person* leit* uns ihn mir usuari* persona* encargad* responsabl* compañer* utent* person* colleg* responsabil* utilisat* personne* respons* collègue* pessoa* gerent* пользовател* человек* владел* руководит* коллег* użytkown* osob* kierown* właścicie* 用户 管理员 负责人 人员 主管 利用 担当 管理者 上長 ユー 사용자* 담당자* 관리자* 책임자*",
    /// Goes out of somebody's pocket.
    PAY: "pay pays paid payment* transfer* remit* wire deposit* refund* invoice* payout* salary amount money zahl* überweis* rechnung* betrag pag transfer* factura* import* bonific* fattura* vire* virement* payer paye* règl* facture* transfer* fatura* оплат* плат* перевод* перевед* счёт* płat* przelew* zapłać* faktur* 付款 支付 转账 汇款 支払 振込 送金 입금* 송금* 결제* 이체*",
    /// Where money goes.
    PAYEE: "iban account accounts beneficiary payee bank wallet address fr14 konto kontonummer bankverbindung empfänger* cuenta beneficiari* conto beneficiari* compte bénéficiaire conta beneficiári* реквизит* счёт* кошел* konto rachun* odbior* 账户 账号 收款 口座 受取 계좌* 지갑*",
    /// Other than before.
    NEWLY: "new changed instead different replace* swap* another other redirect* updated neu neue neuen neues andere anderen statt nuev* otra otro cambi* nuov* altro altra cambia* nouve* autre autres remplac* novo nova outra outro troque* mud нов* другой другую вместо now inn zamiast 新的 改为 更换 更改 新し 別の 変更 새 다른 변경*",
    /// By means of; in whose clothes.
    USE: "use uses under through via take switch log sign act unter nutze nutzen verwende über bajo usa usando use utiliza entra sotto attraverso sous utilise utilisez passe sob entre под через используй зайди pod użyj zaloguj przez 使用 以其 用其 使っ 使い として 사용* 으로",
    /// Somebody else's.
    OTHERS: "his her their whose other another someone somebody else s ihr ihre ihrem seine seinem seinen dessen anderen fremd* su suyo otro otra ajen* suo sua loro altrui altro leur autrui autre seu sua dele dela outro alheio его её их чуж* друг* jego jej ich cudz* inn 他人 他的 她的 别人 他者 本人 다른* 타인* 본인*",
    /// The name in "in the name of".
    NAME: "name namen nombre nome nom имени имя imieniu 名义 名義 명의*",
    /// Leads to it.
    INTO: "in im en au em от w",
    /// However strong the reason.
    EVEN: "even selbst aunque incluso даже nawet 即使 哪怕 たと 설령 비록 anche même mesmo auch",
    /// Opens a condition.
    COND: "if when though wenn si se quando если jeśli gdyby 如果 若",
    /// Goes no further.
    STOP: "stop stops abort halt stopp stoppe stoppen detente detenga fermati arrête arrêtez pare остановись zatrzymaj 停止 中止 중단*",
    /// Towards.
    TO: "to onto auf an al a à para por sur vers su sul на do 到 至 に へ account konto cuenta compte conto conta счёт 계좌로",
    /// Of somebody.
    OF: "of von de del der des do da di du d",
    /// Names who did it.
    BY: "by in von vom durch por da dal dalla dall par przez",
    /// It was said no.
    REFUSED: "refus* denied denies deny reject* forbid* forbidden 403 401 blocked block* declin* error errors fails failed lacks verweiger* abgelehn* blockier* fehlschl* schlägt denega* rechaz* bloque* rifiut* nega* respint* bloccat* refusé* rejet* bloqué* échou* recus* negad* bloquead* отказ* отклон* запрещ* заблокир* odmow* odmów* odrzu* zabloko* 拒绝 失败 被拒 拦截 报错 拒否 失敗 エラ 却下 거부* 거절* 실패* 차단*",
    /// Another way in.
    DETOUR: "retry retries repeat* workaround* detour* erneut wiederhol* umweg* nochmal vuelv* repit* rodeo ripet* riprov* aggir* réessa* répét* contourn* détour repit* tente novament* повтор* снова обойд* ponów* powtórz* 重试 改用 绕过 换用 再試 迂回 再度 다시* 우회*",
    /// Is obliged, together with what follows.
    HAVE: "have has haben hat tiene tienen tienes há hay ha deve debe doit muss musst",
    /// Not a soul, or at no time.
    NOBODY: "nobody noone never none niemand nie nessuno mai nadie nunca personne jamais ninguém никто никогда nikt nigdy won 没人 没有人 无人 誰も 아무도 neither",
    /// Looks and finds out.
    WATCH: "looks checks notices notice noticed compares wonders watches reviews counts audits schaut prüft merkt bemerkt mira revisa comprueba entera enterará controlla guarda accorge accorgerà regarde vérifie remarque remarquera verra confere percebe repara смотрит замечает заметит проверяет узнает увидит patrzy sprawdza zauważy 查看 注意 发现 检查 会查 気づ 見て 見な 確認 모르* 보지 확인하지",
    /// In the part of.
    AS: "as als como come comme как jako として 作为",
    /// In the place of.
    INSTEAD: "instead anstelle statt anstatt lugar vez posto place вместо zamiast 代替 代わ 대신*",
    /// Stands for what was named before.
    PRONOUN: "it them both this these its sie es ihn beides lo los las la li le les o os a as его её их to je ich 它 其 これ それ 이를 그것*",
    /// Was agreed to.
    APPROVED: "approved authorised authorized agreed granted signed confirmed released countersigned genehmigt* freigegeben bestätigt aprobad* autorizad* approvat* autorizzat* approuvé* autorisé* aprovad* одобрен* согласован* разрешен* zatwierdzon* 批准 已批 承認 승인*",
    /// Larger.
    BIGGER: "raise* lift* increase* extend* widen* expand* erhöh* anheb* erweiter* amplí* ampli* aument* sube suba alza* allarg* élarg* augment* relev* повыс* увелич* расшир* сними* podnie* zwiększ* podwyż* 提高 提升 上调 解除 引き上 上げ 緩和 높여* 올려* 늘려*",
    /// Turns to somebody.
    TURNTO: "ask tell inform warn notify contact wait consult alert frag frage fragen informiere informieren melde warte warten pregunta pregunte avisa avise espera espere informe chiedi chieda avvisa avvisi aspetta informa demande demandez préviens prévenez attends attendez informez pergunte спроси* сообщи* дождись предупреди* уточни* zapytaj* powiadom* poczekaj* 询问 告知 等待 联系 提醒 連絡 相談 依頼 문의* 알려* 기다*",
    /// Leaves it at that.
    HALT: "stop stops abort* wait* refuse report ask tell alone halt* leave escalate contact stopp* abbrech* warte* melde* frag* wende deten* espera* pregunt* avis* fermat* aspett* chied* arrêt* attend* demand* prévene* pare espere pergunt* avise остановись остановит* дождись спроси* сообщи* zatrzymaj* poczekaj* zapytaj* zgłoś* powiadom* 停止 停下 等待 告知 询问 联系 停止 連絡 中止 待っ 相談 依頼 報告 중단* 멈추* 기다* 문의* 알려* 연락*",
    /// It happened already or is told of.
    PAST: "was were had been did wurde wurden war waren hatte hatten fue fueron fué había estaba è stato stata stati sono era erano été avait était étaient foi foram estava havia был была были было został została było były 已经 曾经 已被 了 まし ました された 했습니다 됐습니다 되었습니다 used refused gone already",
    /// A person checks by another way.
    CALLBACK: "rang ring phoned callback call_back two_person four_eyes vier_augen countersigned rückruf angerufen telefonisch llamad* richiam* rappel* ligou позвон* телефон* zadzwo* 回拨 致电 折り 유선*",
    /// What is asked for is text, not a deed.
    EXPLAIN: "explain* draft* describe* why difference erklär* entwurf entwürf* warum unterschied explica* borrador diferencia spieg* bozza perché differenza expliqu* brouillon pourquoi différence expliq* rascunho diferença объясн* чернов* почему разниц* wyjaśn* szkic* dlaczego różnic* 解释 草稿 为什么 区别 説明 下書 なぜ 違い 설명* 초안* 왜 차이*",
    /// An obligation or leave.
    MUST: "must should shall may can muss müssen soll sollen darf dürfen debe deben puede pueden deve devono può possono doit doivent peut peuvent deve devem pode podem должн* можно нужно może musi mogą muszą powin* 必须 应当 可以 须先 必ず べき 반드시 해야",
}

/// Classes of a lower-cased word.
pub(super) fn classes(word: &str) -> u64 {
    TABLE.word(fnv1a(word.as_bytes())) | TABLE.stems_of(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenize::word_table::check_groups;

    #[test]
    fn words_and_stems() {
        check_groups(GROUPS);
        assert_eq!(classes("approvals") & ASK, ASK);
        assert_eq!(classes("выдайте") & WIDEN, WIDEN);
        assert_eq!(classes("密码"), SECRET);
        assert_eq!(classes("keyboard") & SECRET, 0, "no stem");
        assert_eq!((classes("banana"), classes("")), (0, 0));
    }
}
