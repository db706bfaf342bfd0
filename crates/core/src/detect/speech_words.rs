//! What a word does in an order: the roles that `speech` reads clauses by, in several languages.
//!
//! A word that ends in `*` stands for every word that begins so.

use crate::tokenize::{Token, lexicon, word_table::word_classes};

word_classes! {
    pub(super) at most 57:
    /// A program that reads.
    BOT: "assistant assistants ai ais ki ia ии llm llms model models agent agents chatbot chatbots bot bots copilot helper summariser summarizer summarisers planner planners crawler parser assistent* asistente* assistente* assistant* modell modelle modelo modelos modèle modèles modello modelli agente agentes agenti агент* ассистент* модел* модели помощник* 助手 助理 模型 智能 アシ エー ージ 모델* 에이전트* 어시스턴트* 비서* 도우미* مساعد* المساعد* نموذج* النموذج* وكيل* الوكيل* asystent* модель yapay asistan* trợ सहायक",
    /// Works without a hand on it.
    AUTOMATIC: "automated automatically automation automatic automatisch* automatisiert* automatique* automatiquement automatizad* automátic* automatic* automatizz* автомат* 自动 自動 자동* आॅटो آلي* تلقائي* automatycz* otomatik* geautomatiseerd* software program programa programme programm programma программ* برنامج* البرنامج* 프로그램*",
    /// Whoever it is.
    WHOEVER: "whoever whomever quiconque celui celle quien quienes quem chiunque chi wer wie diejenigen ktokolwiek kto кто тот тому любой 谁 誰が",
    /// Takes a text in.
    TAKE_IN: "reads reading read processes processing process summarises summarizes summarising summarizing summarise summarize parses parsing parse handles handling opens triages triaging indexes compares prepares liest lesen verarbeitet zusammenfass* zusammenfasst auswertet lit lisant lire résum* traite traitant analys* lee leer leyendo resum* procesa procesar lê ler lendo legge leggere riassum* elabora leest lezen samenvat* verwerkt чита* обрабат* пересказ* резюмир* 읽* 요약* 처리* 要約 読む 読み 読ん 処理 阅读 读取 总结 处理 摘要 يقرأ قراءة يلخص تلخيص czyta* streszcz* okuyan özetle*",
    /// The person served.
    PERSON: "user users person people human humans customer customers client clients reader requester caller asker colleague colleagues somebody anybody someone anyone nobody everybody lead leads treasurer owner staff benutzer* nutzer* anwender* mensch* personen kunde kunden usuari* persona personas cliente clientes utilisat* personne personnes lecteur lectrice usuári* pessoa pessoas utent* persone gebruiker* mens mensen klant* пользовател* человек* люд* клиент* 用户 使用 用者 ユー 利用 客户 客人 顧客 本人 担当 사용자* 고객* 사람* 담당자* 본인* مستخدم* المستخدم* شخص* العميل* użytkownik* człowiek* kullanıcı* người",
    /// Has to be.
    DUTY: "must shall should has have need needs required requires requirement mandatory expected obliged obligatory always please kindly ought muss müssen soll sollen sollte immer bitte ist zwingend doit doivent devez devra faut toujours prière prié* veuillez debe deben debes debería siempre hay favor obligatori* deve devem sempre obrigatóri* devono occorre moet moeten altijd dient должн* следует надо нужно обязательн* необходимо всегда пожалуйста 必须 必要 务必 应该 应当 需要 必ず べき 반드시 해야* 하십시오 하세요 يجب ينبغي musi* należy proszę gerek* phải hãy",
    /// Says no to what follows.
    NO: "not no never don dont doesn didn won isn aren cannot without neither nor nobody nothing none refrain avoid stop forbidden prohibited nicht kein* ohne niemals nie weder ne pas sans jamais aucun* ni sin nunca jamás nada ningún ninguna não nem sem nenhum* non senza mai nessun* niet geen zonder nooit не без никогда никому нельзя ни 不要 不得 不能 不会 不必 请勿 无需 无须 没有 不再 切勿 禁止 لا دون بدون ليس لن لم bez nigdy không đừng olmadan",
    /// Says no to what went before.
    NO_BEHIND: "ない ずに せず ません なく なし 不要です 말* 마* 않* 없이* 없습* 안 금지* 아니* मत नहीं değil",
    /// Informs somebody.
    TELL: "tell tells told mention mentions mentioned mentioning inform informs informed say says saying report reports reported state states notify notifies announce remark explain comment commenting cite citing erwähn* sag sage sagen sagt mitteil* meld* berichte* nenn* dire dis dites mentionn* inform* signal* indiqu* annonc* précis* decir di diga mencion* informe avis* dizer comunic* avisar menzion* segnal* vermeld* zeg zeggen zegt noem* сообщ* скаж* упомин* говор* указ* 告诉 告知 提及 提到 通知 说明 伝え 知ら 報告 言及 述べ 알리* 알려* 언급* 보고* 말하* أخبر* إبلاغ* يذكر* ذكر* powied* wspomin* informuj* söyle* bildir* nói",
    /// Limits on what may be done.
    GUARD: "limit limits restriction restrictions guardrail guardrails safeguard safeguards confirmations constraints boundaries grenzen beschränkung* einschränkung* schutz* limites restrictions garde fous limites restricci* salvaguard* restriç* limiti restrizion* vincol* beperking* ограничен* запрет* 限制 防护 约束 制限 安全策 제한* 제약* قيود القيود ogranicz* sınır*",
    /// What a person gets to read in the end.
    ANSWER: "answer answers reply replies summary summaries response minutes abstract overview recap résumé réponse compte antwort* zusammenfassung* bericht* respuesta* resumen* informe resposta* resumo* relatório risposta* riassunto riepilogo antwoord* samenvatting* verslag ответ* сводк* резюме отчёт* отчет* 回答 答复 摘要 总结 報告 回复 要約 返答 답변* 요약* 응답* 보고서* إجابة* الإجابة ملخص* الملخص* odpowied* streszczen* cevap* yanıt* özet* trả",
    /// Puts a question to somebody or waits for a word.
    ASK: "ask asks asked asking confirm confirms confirmed confirmation approve approves approval consent consult wait waits decide decides decision yes permission frag* nachfrag* bestätig* zustimm* freigabe genehmig* warte* entscheid* demand* confirm* approb* attendre attendez autoris* décid* pregunt* confirma* aprob* esper* decid* pergunt* aprov* chied* chiest* conferm* approv* vraag* vragen bevestig* toestemming goedkeur* besliss* спрос* спраш* подтвер* одобр* соглас* реша* 询问 确认 批准 同意 征得 確認 承認 許可 判断 尋ね 확인* 승인* 동의* 물어* 허락* 결정* اسأل* تأكيد* موافقة* الموافقة zapyta* potwierdz* zgod* sorun sor onay* hỏi",
    /// Lets somebody see.
    SHOW: "show shows shown display displays displayed preview zeig* anzeig* angezeigt vorleg* montr* affich* présent* muestr* mostr* mostrar enseñ* mostra* exib* apresent* toon* tonen laat покаж* показ* 显示 展示 列出 見せ 示し 表示 提示 보여* 표시* عرض* يعرض pokaż* pokaz* göster*",
    /// Gets to know.
    SEE: "sees see seeing seen hears hear learns learn knows know notices notice aware sieht sehen erfährt erfahren merkt voit voir entend apprend sait vea entera sabe saber vede vedere ziet zien weet видит увидит узна* знает 看到 看见 知道 見る 見え 보* يرى يعرف widzi görür",
    /// Moves something to somebody.
    SEND: "send sends sending sent forward forwards forwarded forwarding mail mails post posts posted upload uploads transmit relay relays deliver share shares copy copies hand hands submit exfiltrate sende* schick* übermittel* weiterleit* leite* hochlad* kopier* envoi* envoy* transmet* transfér* copiez copier copie copia copiar téléverse* partage* envi* enví* reenv* copia* sube subir suba compart* envia* reenvi* encaminh* invia inviare inoltr* carica* stuur* verstuur* doorstur* kopieer* отправ* перешл* пошл* скопир* переда* 发送 转发 上传 复制 传给 发给 送信 転送 送る 送っ 送り 보내* 전송* 전달* 복사* 올리* أرسل* إرسال* يرسل انسخ* wyśl* prześl* skopiuj* gönder* kopyala* gửi",
    /// Puts something into something.
    PUT: "put puts place places placed add adds added append appends appended insert include includes included attach attaches fill fills filled pass passes passed store stores save saves write writes written enter prefix prepend encode encoded takes carries enthalten füg* einfüg* anhäng* häng* schreib* trag* eintrag* speicher* lege legen legt ajout* insér* inscri* écri* rempli* joign* joind* dépos* placez enregistr* añad* agreg* incluy* inclu* escrib* adjunt* guard* pon ponga poner rellen* adicion* acrescent* escrev* anex* coloc* preench* aggiung* inser* scriv* alleg* salv* compil* voeg* zet zetten schrijf* invul* plaats* bewaar* добав* встав* впиш* запиш* занес* приложи* полож* сохран* 写入 填入 附上 加入 附加 放入 保存 书写 添付 追加 記入 書き 入れ 付け 넣* 적* 추가* 첨부* 입력* 저장* 붙* أضف* إضافة* اكتب* ضع* dodaj* wpisz* dołącz* zapisz* ekle* yazın yaz thêm",
    /// Makes a value another.
    SET: "set sets replace replaces replaced swap swaps substitute substitutes redirect redirects change changes route routes switch rewrite turn turns setz* ersetz* austausch* umleit* änder* stell* remplac* modifi* changez changer redirig* réécri* sustitu* reemplaz* cambi* substitu* troc* troqu* alter* mude mudar muda redirec* sostitu* modific* vervang* wijzig* verander* замен* измен* поменя* перенаправ* 替换 更改 改成 改为 换成 设置 置き 変更 書換 差し 바꾸* 바꿔* 변경* 교체* 대체* استبدل* تغيير* zmień* zamień* değiştir* thay",
    /// Does something that lasts.
    ACT: "run runs call calls execute executes install installs merge merges approve approves grant grants delete deletes pay pays buy buys cancel close closes disable disables stop stops accept accepts remove removes drop drops raise assign create creates rufe rufen ruft führ* lösch* installez installer installiere bezahl* bestell* überweis* akzeptier* exécut* appel* supprim* payez payer paie commandez commander accept* ejecut* llam* borr* elimin* instal* pague pagar paga compr* acept* execut* cham* apag* exclu* esegu* chiam* cancell* acquist* accett* voer* roep* verwijder* betaal* bestel* выполн* вызов* вызв* удал* установ* оплат* закаж* 执行 运行 调用 删除 安装 支付 购买 実行 呼び 削除 支払 購入 実施 실행* 호출* 삭제* 설치* 결제* 구매* 허용* نفذ* تنفيذ* احذف* حذف* ادفع* wykonaj* usuń* zainstaluj* zapłać* çalıştır* silin xóa",
    /// What was said, shown or set up in the session.
    CONTEXT: "conversation conversations transcript history dialogue chat context prompt prompts system session earlier previous messages memory memories turns gespräch* verlauf* chatverlauf* unterhaltung* sitzung* nachrichten conversation* historique échange* contexte conversaci* historial contexto sesión mensajes conversa* histórico sessão mensagens conversazion* cronologia contesto messaggi gesprek* geschiedenis berichten разговор* переписк* беседа* беседы диалог* истори* контекст* сообщени* 对话 上下 会话 历史 聊天 会話 履歴 文脈 対話 대화* 기록* 맥락* 문맥* 메시지* محادث* المحادث* سياق* rozmow* historii konuşma* geçmiş",
    /// The whole of it.
    WHOLE: "all whole entire full complete everything verbatim word far contents content every names ganz* gesamt* vollständig* alle alles bisherig* komplett* wörtlich* tout toute tous toutes intégral* entier* complet* todo toda todos todas entero entera íntegr* inteir* tutt* intero intera interi volledig* hele весь всю все всё полност* целиком 全部 所有 完整 全文 すべ 全て べて 전체* 모든* 전부* 모두* كل جميع كامل* cał* wszystk* tüm bütün tất",
    /// A secret or a person's papers.
    SECRET: "password passwords passphrase secret secrets token tokens credential credentials key keys cookie cookies pin otp iban passport card cards seed passw* kennwort* geheimn* zugangsdaten schlüssel motdepasse secret* jeton* clé clés contraseñ* clave* senha* segred* chave* segret* chiav* wachtwoord* sleutel* парол* секрет* ключ* токен* 密码 密钥 令牌 口令 凭证 秘密 鍵を 暗証 認証 비밀* 토큰* 암호* 키를 كلمة السر مفتاح* hasł* klucz* şifre* parola* mật",
    /// A place inside a call.
    FIELD: "field fields parameter parameters argument arguments param comment comments bcc cc header body note notes reason tag tags feld felder parametern kommentar* champ champs paramètre* argument* commentaire* campo campos parámetro* argumento* comentario* parâmetro* comentário* parametr* commente commento commenti commentaire commentaires veld velden opmerking* поле поля параметр* аргумент* 字段 参数 备注 注释 引数 欄に 項目 필드* 인자* 칸* 항목* حقل* الحقل* pole alan parametre*",
    /// A tool or its home.
    TOOL: "tool tools server servers function functions connector connectors plugin plugins integration werkzeug* funktion* outil* serveur* fonction* herramienta* servidor* funci* ferramenta* funç* strument* funzion* hulpmiddel* инструмент* сервер* функци* 工具 服务 函数 ツー サー 関数 도구* 서버* 함수* أداة* الأداة أدوات* خادم* narzędzi* serwer* araç* sunucu* công",
    /// Not this one.
    OTHER: "other others another andere* anderen autre* otro otra otros otras outr* altr* ander* друг* 其他 其它 别的 他の 別の ほか 다른* أخرى الأخرى inne* inny* diğer* başka*",
    /// Does not work.
    BROKEN: "broken unavailable faulty unreliable deprecated retired obsolete outdated stale duplicate throttled unsupported defective legacy abandoned defekt kaputt veraltet* gestört panne obsolète* indisponible* défaill* périmé* averiad* obsolet* fuera indisponív* quebrad* desatualizad* guast* verouderd kapot устаре* сломан* недоступ* неисправ* 失效 故障 弃用 停用 过时 損坏 廃止 停止 無効 고장* 폐기* 중단* 오래* معطل* قديم* zepsut* przestarzał* bozuk*",
    /// Puts one thing in another's place.
    INSTEAD: "instead rather supersede supersedes superseded replaces lieu stead stattdessen anstelle statt ersetzt plutôt remplace lugar vez sustituye reemplaza substitui invece sostituisce plaats vervangt вместо взамен заменяет 代替 取代 而非 代わ 代り 대신* بدلا* مكان zamiast zastępuje yerine",
    /// The choice does not count.
    WHATEVER: "whatever whichever regardless irrespective matter gleichgültig unabhängig ungeachtet indépendamment cualquier* independiente* importe qualquer independent* importa qualunque qualsiasi indipendente* ongeacht welke независимо любо* 无论 不管 不论 何で 問わ かか 상관없이* 관계없이* 무엇* مهما بغض niezależnie",
    /// Nothing else.
    ONLY: "only solely just merely exclusively simply nur bloß lediglich ausschließlich seulement uniquement simplement seul seule solo sólo solamente únicamente simplemente apenas somente só soltanto unicamente semplicemente alleen slechts enkel только лишь просто 只能 仅仅 只说 只写 只要 だけ のみ 만 فقط tylko jedynie sadece yalnızca chỉ",
    /// Out of sight.
    HIDE: "quiet silent silence schweig* verschwieg* taire tais* silenc* callar calla cale zwijg* молч* 沉默 침묵* silently quietly secretly discreetly hide hides invisible invisibly unnoticed unseen covertly omit omits omitted omitting conceal suppress suppressed heimlich leise unbemerkt unsichtbar weglass* verschweig* verberg* discrètement silencieu* secrètement tais* masqu* discretamente silencio* ocult* omit* secreto escond* omiss* nascond* ometti* nascosto silenzios* stiekem weglat* onopgemerkt тайно скры* незамет* молча умолч* 秘密 隐藏 隐瞒 悄悄 静默 省略 後台 后台 密か 内緒 隠し 黙っ 伏せ 몰래* 숨기* 조용히* 비공개* سرا خفية أخف* ukry* pomiń* cicho gizli* sessiz* âm",
    /// From now on.
    FUTURE: "later future henceforth permanently forever onwards hereafter ongoing künftig* zukünftig* ab fortan dauerhaft désormais dorénavant ultérieur* prochain* avenir futur* adelante siempre siguientes próxim* permanente* doravante seguintes prossim* successiv* voortaan toekomst* volgende впредь отныне будущ* дальнейш* следующ* 今后 以后 从此 今後 以後 次回 앞으로* 이후* 향후* 다음부터* مستقبل* لاحق* القادم* odtąd przyszł* bundan",
    /// Each time.
    EACH: "every each whenever all any jede* immer alle chaque tout toute tous toutes cada todo toda todos todas ogni tutt* elk elke iedere кажд* всякий все всех 每次 每个 所有 一切 毎回 各 ごと すべ 매번* 모든* 마다 كل każd* wszystk* mỗi",
    /// Somebody whose word counts.
    AUTHORITY: "operator operators administrator administrators admin developer developers vendor provider platform management director security headquarters compliance legal authority anthropic openai betreiber* administrator* entwickler* anbieter* geschäftsführ* plattform opérateur* administrat* développ* direction fournisseur* operador* administrador* desarrollador* proveedor* dirección plataforma desenvolvedor* fornecedor* direção operat* amministrat* sviluppat* direzione beheerder* ontwikkelaar* оператор* администрат* разработчик* платформ* руковод* 管理 运营 开发 平台 運営 開発 운영자* 관리자* 개발자* مسؤول* المسؤول مشغل* operator* yönetici*",
    /// Was agreed.
    AGREED: "agreed approved authorised authorized confirmed consented accepted verified cleared permitted signed covered granted vereinbart genehmigt freigegeben bestätigt zugestimmt einverstanden abgesprochen accepté* approuvé* autorisé* confirmé* validé* convenu* accord aprobad* autorizad* confirmad* acordad* aceptad* verificad* aprovad* combinad* aceit* approvat* autorizzat* confermat* concordat* verificat* goedgekeurd akkoord bevestigd afgesproken одобрен* согласован* подтвержд* разреш* согласил* 已经 批准 同意 授权 核准 承認 了承 許可 合意 済み 승인* 동의* 허가* 합의* 확인되* موافق* تمت وافق* zatwierdz* uzgodni* onaylan* đồng",
    /// Beforehand.
    ADVANCE: "already advance once beforehand long bereits schon vorab vorher déjà avance préalable ya antemano previamente já antecipad* previament* già anticipo al reeds vooraf уже заранее 已经 事先 既に すで 事前 이미 사전에 مسبقا بالفعل już zaten",
    /// Not an order.
    DATA: "data quotation quotations quote quoted quotes untrusted foreign outsiders outsider strangers stranger material daten zitat* fremd* donnée données citation* datos dato cita citas ajen* dados dado citaç* alhei* dati citazion* gegevens citaat* данные цитат* 数据 引用 资料 データ 외부* 인용* 데이터* بيانات اقتباس* dane cytat* veri*",
    /// Takes one thing for another.
    TREAT: "treat treats treated consider considers considered regard regards regarded assume behandle* betracht* gilt gelten werte* traite traiter traitez considér* considèr* tienes tienen tenez trate* trata* consider* tome tomar trat* trattar* tratta* behandel* beschouw* счита* рассматрив* относ* 视为 当作 看作 扱い 扱う 扱わ みな 간주* 취급* 여기* اعتبر* يعتبر traktuj* uznaj* kabul",
    /// To be believed.
    TRUST: "trusted trustworthy genuine authentic binding reliable official verified valid superuser privileged priority precedence vertrauenswürdig* echt verbindlich* gültig* vorrang fiable* authenti* officiel* prioritair* priorité auténtic* oficial* prioridad vinculante* confiáv* autêntic* oficia* prioridade affidabil* autentic* ufficial* priorità betrouwba* voorrang доверен* надёжн* надежн* официальн* приоритет* 可信 信任 官方 优先 信頼 正式 優先 正規 신뢰* 공식* 우선* موثوق* رسمي* أولوية zaufan* pierwszeństwo güvenilir öncelik*",
    /// An order as a thing.
    ORDER: "instruction instructions order orders command commands rule rules guideline guidelines directive directives demand demands charter policy anweisung* befehl* regel* vorgabe* aufforderung* auftrag* consigne* instruction* ordre* règle* directive* instrucci* orden* regla* norma* directri* instruç* ordem ordens regra* istruzion* ordin* regol* instructie* opdracht* указани* инструкц* правил* приказ* команд* 指示 指令 规则 命令 规定 規則 指図 지시* 명령* 규칙* 지침* تعليمات* أوامر* قواعد* instrukcj* polece* talimat* kural*",
    /// Does as told.
    OBEY: "obey obeys obeyed follow follows followed following comply heed befolg* folge* gehorch* obéi* suiv* suivre appliqu* obedec* obedez* sigu* segu* cumpl* seguir obbed* eseguir* gehoorz* volg* следова* следуй* слуша* 遵守 服从 遵循 照做 听从 従う 従わ 従い 応じ 따르* 따라* 복종* اتبع* stosuj* wykonuj* uyma*",
    /// Hostile doings, called by their name.
    ATTACK: "attack attacks attacker attackers injection injections phishing malicious suspicious fraud fraudulent scam scams fake faked forged planted attempt attempts tried tries impersonat* poisoned attacke* angriff* angreifer* betrug* betrüg* gefälscht* verdächtig* schädlich* versuch* attaque* injection* hameçonnage fraud* arnaque* tente tentent tentative suspect* piég* ataque* inyecci* estafa* sospechos* falso falsa falsos falsas intent* injeç* golpe* suspeit* tentativ* attacc* iniezion* truff* sospett* aanval* oplicht* verdacht* poging* атак* инъекц* мошен* подозр* попыт* поддел* 攻击 注入 钓鱼 诈骗 可疑 伪造 企图 攻撃 詐欺 不審 偽の 試み 공격* 사기* 의심* 주입* 피싱* 위조* هجوم* احتيال* مشبوه* حقن محاولة atak* oszust* podejrzan* saldırı* şüpheli*",
    /// A safeguard that acts on its own.
    HOLDS: "refuses refused refuse rejects rejected reject blocks blocked block ignores ignored denied denies prevented prevents declined quarantined revoked revoke discarded discards abgelehnt ablehn* verweiger* blockier* ignorier* zurückgewiesen gesperrt refus* rejet* bloqu* rechaz* bloque* recus* rejeit* rifiut* respin* blocc* geweigerd weiger* geblokk* отклон* отказ* заблок* игнор* 拒绝 阻止 拦截 屏蔽 忽略 拒否 遮断 無視 却下 거부* 차단* 무시* 거절* رفض* حظر* تجاهل* odrzuc* zablok* reddet* engelle*",
    /// What one was given to do.
    TASK: "task tasks job assignment mission aufgabe* tâche* tarea* tarefa* compito taak taken задач* задани* 任务 工作 タス 仕事 作業 작업* 임무* مهمة* zadani* görev* nhiệm",
    /// Over.
    OVER: "finished ended relieved gone settled retired void erased cancelled lifted closed expired suspended beendet erledigt hinfällig aufgehoben ungültig terminé* annul* caduque* effacé* levé* terminad* anulad* caducad* encerrad* finit* annullat* scadut* beëindigd vervallen отмен* законч* заверш* недействит* утрат* 结束 作废 取消 无效 終了 無効 完了 종료* 취소* 무효* 효력* ملغى* انتهت لم_تعد zakończ* unieważ* geçersiz",
    /// Fresh.
    NEW: "new newest next neue* nächste* nouve* nuev* novo nova novos novas nuov* nieuw* нов* 新的 最新 新し 次の 새* 새로운* جديد* nowy nowe nowa yeni* mới",
    /// Told as it is.
    OPENLY: "so both difference original unchanged exactly exact openly honest honestly plainly why error errors failed unterschied* ehrlich offen unverändert franche* tel intact diferencia tal cual igual diferença honest* verschil* eerlijk честно разниц* прямо 如实 原样 说明 正直 そのまま 그대로* 솔직* بصدق szczerze",
    /// For good or bad told as past.
    WAS: "was were had been did wurde wurden war hatte hat était étaient avait avaient été fue fueron era había habían foi foram tinha è stato stata erano aveva werd werden был была было были",
    /// Schooling, trials, examples.
    LESSON: "training exercise example examples test tests case cases lesson course demo lab chapter draft review study sample schulung* übung* beispiel* kapitel formation* exercice* exemple* chapitre essai ejemplo* ejercicio* capítulo* curso formaci* exemplo* exercíci* treinament* esempi* esercizi* capitol* oefening* voorbeeld* cursus hoofdstuk учебн* пример* семинар* упражнен* 示例 例如 培训 练习 例え 研修 演習 訓練 예시* 교육* 훈련* 연습* مثال* تدريب* przykład* szkoleni* örnek* eğitim*",
}

/// A person to whom a question is put or something is shown.
pub(super) const ASKED: u64 = 1 << 57;
/// A name as tools have it.
pub(super) const NAME: u64 = 1 << 58;
/// An address: of mail or of a page.
pub(super) const ADDRESS: u64 = 1 << 59;
/// Another tool than the one at hand.
pub(super) const OTHER_TOOL: u64 = 1 << 60;
/// Something between quotation marks.
pub(super) const QUOTED: u64 = 1 << 61;
/// A program that takes a text in, as a subject.
pub(super) const MACHINE: u64 = 1 << 62;
/// "You".
pub(super) const YOU: u64 = 1 << 63;

/// The roles that a word can have.
pub(super) fn roles(token: &Token, word: &str) -> u64 {
    let mut roles = TABLE.word(token.hash) | TABLE.stems_of(word);
    if token.classes & lexicon::IDENTIFIER != 0 {
        roles |= NAME;
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenize::word_table::check_groups;

    #[test]
    fn every_listed_word_is_found() {
        check_groups(GROUPS);
    }
}
