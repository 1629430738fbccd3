"""What personal data looks like in raters' words: patterns and the words around them. Data alone.

Written to be right where they speak: what is doubtful without a word beside it is not named here.
"""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GAP = "[ \u00a0\u202f]"
# A text without any of these holds nothing: most texts are left here.
SIEVE = re.compile(r"[\d@]|(?:at|ät|arroba) ?[)\]}]|\bu/|\w\.\w+/\w", re.IGNORECASE)

# E-mail addresses. Domains that stand for no one, and endings that are files, name nobody.
EMAIL = re.compile(
    r"(?<![\w.+%@-])[^\W_][\w.+%-]{0,63}@"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,5}[^\W\d_]{2,24}(?![\w@-]|\.\w)"
)
EMAIL_SPELT = re.compile(
    rf"(?<![\w.+-])[^\W_][\w.+-]{{0,63}}{GAP}?[(\[{{]{GAP}?(?:at|ät|@|arroba){GAP}?[)\]}}]{GAP}?"
    rf"[\w-]{{1,63}}(?:(?:{GAP}?[(\[{{]{GAP}?(?:dot|punkt|punto|point|\.){GAP}?[)\]}}]{GAP}?|\.)"
    r"[\w-]{2,63}){1,4}",
    re.IGNORECASE,
)
FILE_ENDINGS = _words(
    "css csv gif html ico jpeg jpg js json md mp mp3 mp4 pdf php png py svg ts txt webp xml"
)
RESERVED_ENDINGS = frozenset({"example", "invalid", "local", "localhost", "test"})
NOBODYS_DOMAINS = _words(
    "beispiel domain ejemplo esempio example exemple voorbeeld yourcompany yourdomain"
)

# Telephone numbers: a candidate, and what makes it one.
PHONE = re.compile(
    rf"(?<![\w+/=.,:#@-])[+(]?\d(?:(?:{GAP}|[().\-/]){{0,3}}\d){{6,16}}(?![\w+]|[.,:/-]\d)"
)
PHONE_CUE = re.compile(
    r"(?:\btel(?:\.|ef[oó]no?|efoon|efone|e?ph?one?)?|\bt[eé]l(?:[eé]phone)?|\btelefon|тел(?:ефон)?"
    r"|\b(?:my|phone|mobile|cell)(?: phone)? (?:number|no\.)|\b(?:phone|mobile|cell|handy|mobil"
    r"|m[oó]vil|portable|celular|cellulare|whatsapp|fon)|(?:telefon|handy|mobil|ruf)nummer"
    r"|\bmeine nummer|\b(?:call|text) me|\bruf(?:en sie)? mich(?: an)?)"
    r"\s*(?:is|ist|es|est|unter|at|on|am|:|=|-|\u2013|\()?\s*$",
    re.IGNORECASE,
)
FRENCH = re.compile(rf"0[1-9](?:(?:{GAP}|[.-])\d\d){{4}}")
NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[.-])[2-9]\d\d[.-]\d{4}")
TRUNK = re.compile(rf"\(?0[1-9]\d{{1,4}}\)?(?:{GAP}?[/\u2013-]{GAP}?|{GAP})[\d /-]{{5,12}}")
# Everybody may call these: nobody's own.
TOLL_FREE = re.compile(
    r"(?:\+?1)?8(?:00|33|44|55|66|77|88)[2-9]\d{6}\Z|(?:(?:\+|00)[2-9]\d|0)80[08]\d|1[38]00\d"
)
HELPLINES = frozenset({"116123", "116117", "116111", "116006", "08001110111", "08001110222"})

# Names people have on platforms.
HANDLE = re.compile(r"(?<![\w@/.+\-`'\"\\\[])@([A-Za-z_]\w*+(?:\.\w++)*+)(?![(/@-])")
FEDIVERSE = re.compile(r"(?<![\w@/.])@\w[\w.-]{1,29}@(?:[\w-]+\.){1,4}[^\W\d_]{2,24}(?![\w-])")
PROFILE = re.compile(
    r"(?<![\w.-])(?:https?://)?(?:www\.|m\.|[a-z]{2}\.)?(?:"
    r"(?:(?:twitter|x|instagram|facebook|github|tiktok|t|vk|threads|snapchat)\.(?:com|net|me)"
    r"|bsky\.app/profile|linkedin\.com/in|xing\.com/profile|reddit\.com/u(?:ser)?|snapchat\.com/add"
    r"|youtube\.com|tiktok\.com)/@?([\w.-]{3,40}))(?![\w.-])(/?)(\w?)",
    re.IGNORECASE,
)
REDDIT = re.compile(r"(?<![\w/.])/?u/([A-Za-z0-9_-]{3,20})(?![\w/-])")
USER_IN_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,12}://[^\s/@:]{1,64}(?::[^\s/@]{1,64})?@[\w.-]+"
)
NAMED_HANDLE = re.compile(
    r"\b(?:instagram|insta|snapchat|discord|telegram|tiktok|twitter|skype|threads)"
    r"(?: (?:name|handle|username|nick|account))?(?: (?:is|ist|lautet|es|est)|:)\s+"
    r"@?([A-Za-z]\w*(?:[.#]\w+)*)",
    re.IGNORECASE,
)
# After an at sign these are code, or everybody.
NO_HANDLES = _words(
    """
    abstractmethod admin all anthropicai apply author autowired bean before after cached_property
    channel charset class classmethod component container contextmanager controller data dataclass
    default deprecated each else end entity everyone example extend facebook fixture for function
    github gmail google handle here home if implementation import include inject instagram
    interface keyframes layer link lru_cache me media microsoft mixin mods moderator name nonnull
    nullable openai override page param private property protected protocol public pytest
    repository return returns room route samp see selector service since someone staticmethod
    supports suppresswarnings synthesize tailwind team template test throws todo type typedef use
    user username value version while work wraps you youtube yourhandle yourname your_handle
    your_name
    """
)
NO_PROFILES = _words(
    """
    about add ads channel download events explore groups hashtag help home i in intent jobs legal
    login marketplace messages notifications orgs p pages photo playlist privacy profile reel search
    settings share sharer shorts signup stories terms topics trending username user watch yourname
    """
)
CODE_AHEAD = re.compile(
    r"[^\S\n]*(?:\n\s*(?:@|async |def |class |function|export|public|private|static|final)"
    r"|(?:public|private|protected|static|final|class|def|void|interface)\b|=|int\b|varchar)",
    re.IGNORECASE,
)

# Internet addresses.
IPV4 = re.compile(r"(?<![\w.§-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
IP_CUE = re.compile(r"\bip\b[^.\n]{0,20}$", re.IGNORECASE)
VERSION_CUE = re.compile(
    r"\b(?:v|ver|version|release|build|firmware|section|sec|chapter|clause|kapitel|abschnitt|§+|python"
    r"|chrome|driver|update|patch|rev|revision|article)\.?:?\s*$",
    re.IGNORECASE,
)
PUBLIC_RESOLVERS = frozenset({"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"})

# Accounts and cards, both with check digits.
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![a-z0-9])")
IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22,
    "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27,
    "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SA": 24, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "TR": 26, "UA": 29,
}  # fmt: skip
CARD = re.compile(r"(?<![\w.,+-])\d(?:[ -]?\d){12,18}(?!\w|[.,-]\d)")
CARD_SHAPES = re.compile(r"\d+|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{4,5}")
CARD_BRANDS = re.compile(
    r"4\d{12}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|6(?:011|5\d\d)\d{12}|35\d{14}|3[68]\d{12}"
)

# Postal addresses: a street with a number, and a postcode with its place, near each other.
_WORD = r"[^\W\d_][\w'\u2019.-]*"
_NEAR = r"(?:[ ,;\n]|\bin\b){1,6}"
_STREET_DE = (
    r"[^\W\d_][\w-]*(?:stra(?:ß|ss)e|str\.|weg|allee|platz|gasse|ring|ufer|damm|steig|straat|laan"
    r"|gracht|kade|plein)"
    rf"|(?:[^\W\d_][\w-]*{GAP}){{1,2}}(?:Stra(?:ß|ss)e|Str\.|Weg|Allee|Platz|Gasse|Ring|Damm)"
)
_STREET_EN = (
    rf"(?:{_WORD}{GAP}){{1,3}}(?:Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Ln\.?|Drive|Dr\.?|Close"
    r"|Court|Ct\.?|Crescent|Way|Boulevard|Blvd\.?|Terrace|Place|Square|Gardens)"
)
_FLAT = rf"(?:,{GAP}?(?:Apt|Apartment|Flat|Unit|Suite|#)\.?{GAP}?\w{{1,6}})?"
ADDRESSES = (
    re.compile(
        rf"(?<!\w)(?:{_STREET_DE}){GAP}\d{{1,4}}{GAP}?[a-z]?{_NEAR}"
        rf"(?:[A-Z]-)?\d{{4,5}}(?:{GAP}?[A-Z]{{2}}\b)?{GAP}[^\W\d_]\w+"
    ),
    re.compile(
        rf"(?<!\w)\d{{1,5}}[A-Za-z]?{GAP}{_STREET_EN}{_FLAT}(?:,{GAP}?{_WORD}(?:{GAP}{_WORD}){{0,2}})"
        rf"{{0,2}}(?:{_NEAR})(?:[A-Z]{{2}}{GAP}\d{{5}}(?:-\d{{4}})?|[A-Z]{{1,2}}\d[A-Z\d]?{GAP}?\d[A-Z]"
        r"{2})(?!\w)"
    ),
    re.compile(
        rf"(?<!\w)\d{{1,4}}(?:{GAP}(?:bis|ter))?,?{GAP}(?:rue|avenue|boulevard|place|chemin|allée"
        rf"|impasse|quai)(?:{GAP}[\w'\u2019-]+){{1,5}}{_NEAR}\d{{5}}{GAP}[^\W\d_]\w+",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)(?:calle|c/|avenida|avda\.|plaza|paseo|via|viale|piazza|corso|rua|ul\.|ulica)"
        rf"(?:{GAP}[\w'\u2019.-]+){{1,5}}?,?{GAP}(?:n[ºo°]\.?{GAP})?\d{{1,4}}[a-z]?(?:/\d{{1,4}})?{_NEAR}"
        rf"(?:\d{{5}}|\d{{2}}-\d{{3}}|\d{{4}}-\d{{3}}){GAP}[^\W\d_]\w+",
        re.IGNORECASE,
    ),
)

# Names that people call themselves by.
NAME_CUES = (
    "my name is", "my name's", "my full name is", "my real name is", "ich heiße", "ich heisse",
    "mein name ist", "je m'appelle", "je m\u2019appelle", "mon nom est", "me llamo", "mi nombre es",
    "mi chiamo", "il mio nome è", "mijn naam is", "ik heet", "meu nome é", "eu me chamo",
    "chamo-me", "nazywam się", "mam na imię", "jag heter", "mitt namn är", "jeg hedder",
    "меня зовут", "моё имя", "мое имя", "benim ad\u0131m",
)  # fmt: skip
NAME = re.compile(
    rf"(?<![\w\"'“„«»”\u2019])(?i:{'|'.join(re.escape(cue) for cue in NAME_CUES)}):?{GAP}"
    rf"({_WORD}(?:{GAP}{_WORD}){{0,3}})"
)
NAME_UNSPACED = re.compile(
    r"(?<![“「『\"])(?:我叫|我的名字(?:是|叫)|我名叫)(?![他她它你这那])([\u4e00-\u9fff]{2,4})(?=[\uff0c。,.\uff01!\uff1b;、\s]|$)"
    r"|(?<![“「『\"])(?:私|僕)の名前は([\u3040-\u30ff\u4e00-\u9fff]{2,10}?)(?:です|と申します)"
)
NO_NAMES = _words(
    """
    Ai Alexa Assistant Bard Bing Bot Chatbot Chatgpt Claude Copilot Cortana Deepseek Gemini Gpt Grok
    Llama Mistral Pi Qwen Siri Nobody Niemand No Not Nicht Sie Ihnen Dich Euch Es Das Irrelevant
    Клод Алиса
    """
)
WELCOMES = re.compile(r"[^.!?\n]{0,40}\b(?:willkommen|gut\b|gutheißen)", re.IGNORECASE)
