"""Word lists of the simulator's own: names, trades, places, fields of records."""

from __future__ import annotations

__all__ = [
    "CITIES",
    "COMMON",
    "FIELDS",
    "FIRST",
    "GOODS",
    "LANGUAGES",
    "LAST",
    "LIBRARIES",
    "ROLES",
    "SUBJECTS",
    "SYLLABLES",
    "TRADES",
]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COMMON = frozenset(
    _words(
        """about above after again against also always another anything around because been before
        being below between both cannot come could does doing don't down during each either else
        even every first from further gets give given goes going have having here himself into
        isn't it's itself just keep know last like made make many maybe more most much must never
        next nothing only other over please really said same several shall should since some
        something still such take than that that's their them themselves then there these they
        thing things think this those three through thus together under until upon very want wants
        well were what what's when where whether which while will with within without would your
        you're yourself write explain using used uses following answer question example"""
    )
)
"""Words that are left as they are when a sentence is put to another topic."""

FIRST = _words(
    """Amara Bjorn Chloe Dmitri Elena Farid Grace Hiro Ines Jonas Kavya Liam Mei Nadia Omar Priya
    Quentin Rosa Samir Tara Uma Viktor Wanda Xavier Yusuf Zoe Alan Beatriz Carlos Dana Emre Fiona
    Gustavo Hanna Igor Julia Kofi Lena Marco Noor Oscar Paula Rafael Sofia Tom Ursula Vera Wei"""
)
LAST = _words(
    """Abe Baker Costa Dahl Evans Fischer Garcia Haddad Ivanov Jensen Kim Lopez Moreau Nguyen
    Okafor Patel Quinn Rossi Silva Tanaka Ueda Varga Walsh Xu Yilmaz Zhang Andersen Bauer Chen"""
)
CITIES = _words(
    """Lisbon Osaka Denver Nairobi Leeds Lyon Gdansk Hanoi Bogota Perth Tampa Graz Turin Malmo
    Izmir Pune Cebu Quito Porto Ghent Boise Dakar Sofia Bergen Seville Krakow Utrecht Austin"""
)
TRADES = (
    "online pharmacy", "law office", "logistics company", "language school", "property agency",
    "dental clinic", "travel agency", "car workshop", "hotel chain", "insurance broker",
    "bank", "publisher", "fitness studio", "recruiting agency", "wine merchant", "food bank",
    "city council", "museum", "software house", "game studio", "solar installer", "farm shop",
    "construction firm", "news site", "podcast network", "charity", "airline", "bakery chain",
    "furniture shop", "telecom operator", "water utility", "music label", "research library",
    "accounting firm", "veterinary practice", "wedding planner", "electronics retailer",
    "shipping insurer", "biotech start-up", "security consultancy",
)  # fmt: skip
ROLES = (
    "assistant", "helpful assistant", "support agent", "copywriter", "editor", "analyst",
    "senior engineer", "tutor", "translator", "recruiter", "paralegal", "nutrition coach",
    "product manager", "research assistant", "travel guide", "quality reviewer", "librarian",
    "data engineer", "technical writer", "sales coach", "moderator", "fact checker",
    "compliance clerk", "nurse educator", "historian", "project planner",
)  # fmt: skip
FIELDS = _words(
    """name date amount currency sentiment category priority summary language city country sku
    quantity status reason score tags author title topic intent urgency deadline address phone
    email product brand colour size weight price discount rating symptoms dosage invoice_number
    due_date vendor customer_id order_id tone audience keywords entities risk next_step owner
    department skills salary experience education location url region segment confidence"""
)
GOODS = _words(
    """ticket invoice review contract article transcript e-mail complaint recipe résumé listing
    receipt description feedback memo post message note abstract report survey order claim
    question paragraph headline caption lesson quiz story letter chapter changelog log"""
)
SUBJECTS = _words(
    """photosynthesis inflation recursion mitosis entropy feudalism plate-tectonics osmosis
    electromagnetism game-theory romanticism derivatives probability thermodynamics
    natural-selection     supply-and-demand existentialism the-cold-war colonialism
    hash-tables linear-regression
    the-french-revolution stoichiometry cognitive-dissonance sonnets eigenvalues Keynesianism"""
)
LIBRARIES = _words(
    """langweave ragstack docflow promptline chainworks queryloom vectorpad askdocs corpusly
    extractor-kit flowpilot semantica indexa textforge"""
)
SYLLABLES = _words(
    """ka lo mi ra ne to vi sa du pe zo ri bel tor lin mar quo sen dax fer gon hal jun kel nor
    pra sol tem ul ver wis xan yor zen bri cla dre flo gri"""
)

LANGUAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "es": (
        (
            "¿Puedes explicarme {0} con un ejemplo sobre {1}?",
            "Necesito un correo breve para un cliente sobre {0} y {1}.",
            "¿Cuál es la diferencia entre {0} y {1}? Es para {2}.",
            "Escribe un resumen de {0} en tres frases, y menciona {1}.",
            "Tengo un problema con {0}: no funciona desde que cambié {1}. ¿Qué hago?",
            "Traduce al inglés: «{0} depende de {1} cuando hay {2}».",
            "Dame cinco ideas para {0} sin gastar en {1}.",
            "Corrige este párrafo sobre {0}; el lector sabe poco de {1} y de {2}.",
        ),
        _words(
            """facturas cocina fútbol ventas hipotecas física jardín escuela seguros historia
            servidores música viajes impuestos salud marketing lluvia contratos idiomas Python
            vecinos bicicletas café energía pintura examen turismo abejas puertos reciclaje"""
        ),
    ),
    "de": (
        (
            "Kannst du mir {0} am Beispiel von {1} erklären?",
            "Schreib eine höfliche Mail wegen {0}, ohne {1} zu erwähnen.",
            "Was ist besser für {2}: {0} oder {1}?",
            "Fasse den Text über {0} kurz zusammen und nenne {1}.",
            "Seit dem Update geht {0} nicht mehr, {1} aber schon. Woran liegt das?",
            "Gib mir eine Liste von Fragen zu {0} und {1} für ein Gespräch über {2}.",
            "Wie plane ich {0} für zwölf Leute, wenn {1} knapp ist?",
            "Verbessere diesen Absatz über {0}; die Leser kennen {1} kaum.",
        ),
        _words(
            """Rechnungen Garten Mathematik Steuern Fußball Datenbanken Heizung Urlaub Verträge
            Brot Physik Versicherung Musik Schule Bewerbung Miete Fahrräder Energie Geschichte
            Werbung Kundendienst Wetter Sprachen Pflanzen Prüfungen Vereine Strom Holz Software"""
        ),
    ),
    "fr": (
        (
            "Peux-tu m'expliquer {0} avec un exemple tiré de {1} ?",
            "Rédige un message court à propos de {0} et de {1}.",
            "Quelle est la différence entre {0} et {1} pour {2} ?",
            "Résume ce texte sur {0} en deux phrases sans parler de {1}.",
            "Depuis hier, {0} ne marche plus alors que {1} va bien. Que faire ?",
            "Donne-moi un plan pour {0}, en tenant compte de {1} et de {2}.",
            "Corrige les fautes dans ce paragraphe sur {0} et {1}.",
        ),
        _words(
            """factures cuisine football ventes chauffage physique jardin école assurance histoire
            serveurs musique voyages impôts santé publicité pluie contrats langues logiciels
            voisins vélos café énergie peinture examens tourisme abeilles ports recyclage"""
        ),
    ),
    "pt": (
        (
            "Pode explicar {0} usando {1} como exemplo?",
            "Escreva um texto curto sobre {0} e {1} para {2}.",
            "Qual a diferença entre {0} e {1}?",
            "Meu {0} parou depois que mudei {1}. O que faço agora?",
            "Faça um resumo sobre {0} sem citar {1}.",
            "Quero aprender {0} em um mês; já sei um pouco de {1} e {2}.",
        ),
        _words(
            """boletos cozinha futebol vendas seguros física jardim escola história servidor
            música viagens impostos saúde propaganda chuva contratos idiomas Java vizinhos
            bicicleta café energia pintura provas turismo abelhas portos reciclagem"""
        ),
    ),
    "zh": (
        (
            "请用{1}的例子解释一下{0}。",
            "帮我写一封关于{0}的邮件，不要提{1}。",
            "{0}和{1}有什么区别？我想用在{2}上。",
            "把下面关于{0}的内容总结成三点，并说明{1}。",
            "我改了{1}以后{0}就不能用了，怎么办？",
            "给我五个关于{0}的点子，预算只够{1}。",
            "如果{2}变了，{0}会怎样影响{1}？",
        ),
        _words(
            "发票 烹饪 足球 销售 保险 物理 花园 学校 历史 服务器 音乐 旅行 税务 健康 广告 天气 "
            "合同 语言 数据库 邻居 自行车 咖啡 能源 绘画 考试 旅游 蜜蜂 港口 回收 概率 股票 算法"
        ),
    ),
    "ja": (
        (
            "{1}を例にして{0}を説明してください。",
            "{0}について短いメールを書いてください。{1}には触れないでください。",
            "{0}と{1}の違いは何ですか。{2}に使いたいです。",
            "{1}を変えたら{0}が動かなくなりました。どうすればいいですか。",
            "{0}の要点を三つにまとめて、{1}との関係も書いてください。",
            "{2}の人のために{0}と{1}の計画を立ててください。",
        ),
        _words(
            "請求書 料理 サッカー 営業 保険 物理 庭 学校 歴史 サーバー 音楽 旅行 税金 健康 広告 "
            "天気 契約 言語 近所 自転車 コーヒー エネルギー 絵画 試験 観光 港 確率 株価 設計 会議"
        ),
    ),
    "ru": (
        (
            "Объясни, пожалуйста, {0} на примере {1}.",
            "Напиши короткое письмо про {0}, не упоминая {1}.",
            "Чем отличается {0} от {1}, если речь о {2}?",
            "После обновления {0} не работает, а {1} работает. Что делать?",
            "Составь план: {0}, {1} и немного {2}.",
            "Кратко перескажи текст про {0} и добавь про {1}.",
        ),
        _words(
            """счета кухня футбол продажи страховка физика сад школа история сервер музыка поездки
            налоги здоровье реклама погода договор языки база соседи велосипед кофе энергия
            живопись экзамены туризм пчёлы порты переработка вероятность"""
        ),
    ),
    "hi": (
        (
            "कृपया {1} के उदाहरण से {0} समझाइए।",
            "{0} और {1} में क्या अंतर है?",
            "{0} के बारे में एक छोटा ईमेल लिखिए, {1} का ज़िक्र न हो।",
            "{1} बदलने के बाद {0} काम नहीं कर रहा, क्या करूँ?",
            "{2} के लिए {0} की योजना बनाइए।",
        ),
        _words(
            "बिल खाना क्रिकेट बिक्री बीमा भौतिकी बगीचा स्कूल इतिहास सर्वर संगीत यात्रा कर सेहत विज्ञापन "
            "मौसम अनुबंध भाषा पड़ोसी साइकिल कॉफी ऊर्जा चित्र परीक्षा पर्यटन बंदरगाह"
        ),
    ),
}
"""For each language, frames of a question and nouns to put into them."""
