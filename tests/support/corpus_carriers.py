"""The sentences of the corpus: `{}` stands for the value."""

from collections.abc import Mapping, Sequence
from typing import Final

FILLERS: Final = (
    "", "", " ", "\n", " 안녕하세요. ", " 확인 부탁드립니다. ", " Thanks in advance. ", "\nHello there, ", " 오늘 회의는 오후 3시 30분에 시작합니다. ",
    " The meeting starts at 10:30 on May 4. ", " 가격은 12,000원이고 3개 남았습니다. ", " (", "」「", " → ",
)  # fmt: skip

_SECRET: Final = (
    "Use {} for now.",
    "export KEY={}\n",
    '{"key": "{}"}',
    "키는 {}입니다.",
    "이 값 {}를 지워 주세요.",
    "({})",
)

CARRIERS: Final[Mapping[str, Sequence[str]]] = {
    "EMAIL_ADDRESS": ("Write to {}.", "mailto:{}", "메일은 {}입니다.", "{}으로 보내 주세요.", "이메일:{}, 부탁해요", '"{}"', "<{}>", "담당자({})에게"),
    "PHONE_NUMBER": ("Call me at {}.", "My number is {}, thanks.", "해외에서는 {}로 전화해 주세요.", "tel:{}", "({})"),
    "CREDIT_CARD": ("Charge {} please.", "카드번호는 {}이고 유효기간은 12/29입니다.", "카드{}로 결제", "card:{}\n", "{}"),
    "IBAN_CODE": ("Pay to {}.", "IBAN {}", "계정은 {}입니다."),
    "US_SSN": ("SSN {}", "my social is {}.", "사회보장번호는 {}입니다.", "({})"),
    "PASSPORT": ("Passport no. {}", "passport {} expires soon", "Reisepass {}."),
    "IP_ADDRESS": ("The host {} is down.", "서버 {}에 접속이 안 됩니다.", "IP {}", "ip address: {}, port open", "dns={}"),
    "MAC_ADDRESS": ("MAC {}", "장비 {}를 등록해 주세요.", "device {} joined."),
    "URL_CREDENTIALS": ("postgres:{}@db/app", "https:{}@localhost/x", "접속 redis:{}@cache:6379"),
    "KR_RRN": ("주민등록번호는 {}입니다.", "주민번호{}로 조회", "rrn: {}", "{}", "제 번호 {}를 확인해 주세요", "ID {}."),
    "KR_FRN": ("외국인등록번호는 {}입니다.", "등록번호 {}로 조회", "alien registration {}", "{}", "체류자 {}님"),
    "KR_BRN": ("사업자등록번호 {}", "사업자번호는 {}입니다.", "{}", "our business no. {}."),
    "KR_DRIVER_LICENSE": ("운전면허 {}", "면허번호는 {}입니다.", "{}", "driver's license {}."),
    "KR_PASSPORT": ("여권번호는 {}입니다.", "여권 {}로 예약", "passport: {}", "Passport number {}."),
    "KR_PHONE": ("전화번호는 {}입니다.", "{}로 연락 주세요.", "연락처:{}", "휴대폰{}으로", "Call {}.", "tel. {}", "{}", "김민수({})"),
    "KR_BANK_ACCOUNT": ("계좌번호는 {}입니다.", "국민은행 {}에 입금", "신한은행 {} 홍길동", "카카오뱅크{}로", "account {}", "농협 {}으로 보내 주세요", "계좌:{}"),
    "KR_ADDRESS": ("주소는 {}입니다.", "{}에 살아요.", "배송지: {}\n", "저희 사무실은 {}에 있습니다.", "{}"),
    "AWS_SECRET": ("aws_secret_access_key = {}", "AWS secret: {}", '"SecretAccessKey": "{}"', "AWS 시크릿은 {}입니다."),
    "SLACK_WEBHOOK": ("curl https://{}", "웹훅은 https://{}입니다."),
    "PASSWORD": ("{}", "db {}\n", "설정 {} 입니다", '"{}"'),
    "PRIVATE_KEY": ("{}", "key:\n{}\n", "키입니다.\n{}\n감사합니다."),
    "AZURE_STORAGE_KEY": ("AccountName=x;{};EndpointSuffix=core.windows.net", "{}"),
    **dict.fromkeys(
        (
            "AWS_ACCESS_KEY", "GITHUB_TOKEN", "GITLAB_TOKEN", "SLACK_TOKEN", "GOOGLE_API_KEY", "GOOGLE_OAUTH_SECRET", "OPENAI_KEY", "ANTHROPIC_KEY",
            "OPENROUTER_KEY", "HUGGINGFACE_TOKEN", "GROQ_KEY", "XAI_KEY", "STRIPE_KEY", "STRIPE_WEBHOOK_SECRET", "NPM_TOKEN", "PYPI_TOKEN",
            "DOCKER_TOKEN", "SENDGRID_KEY", "TWILIO_KEY", "DIGITALOCEAN_TOKEN", "DATABRICKS_TOKEN", "VAULT_TOKEN", "SHOPIFY_TOKEN",
            "TELEGRAM_TOKEN", "JWT",
        ),
        _SECRET,
    ),
}  # fmt: skip

NEGATIVE_CARRIERS: Final[Mapping[str, Sequence[str]]] = {
    "order": ("주문번호 {}가 도착하지 않았습니다.", "Order {} has shipped."),
    "order16": ("주문번호는 {}입니다.", "Order no. {}"),
    "tracking": ("운송장번호 {}로 조회해 주세요.", "Tracking {} is on its way.", "송장 {}"),
    "tracking-dashed": ("운송장 {}", "parcel {}"),
    "post": ("등기번호 {}입니다.",),
    "date": ("{}까지 보내 주세요.", "due {}", "{} 10:30"),
    "stamp": ("at {} the job began", "로그 {} ERROR"),
    "epoch": ("timestamp {}", "ts={}"),
    "time": ("{}에 시작", "took {}"),
    "version": ("version {}", "버전 {}입니다.", "v{}"),
    "version4": ("version {}", "버전 {}입니다.", "v{}", "업데이트 {} 배포"),
    "build": ("Windows {}", "빌드 {}"),
    "price": ("{}원입니다.", "USD {}", "총 {}원"),
    "isbn": ("ISBN {}", "책 {}"),
    "isbn13": ("ISBN {}",),
    "uuid": ("request {}", "요청 id는 {}입니다."),
    "sha1": ("commit {}", "커밋 {}를 보세요"),
    "sha256": ("sha256:{}", "해시는 {}입니다."),
    "service": ("고객센터 {}로 전화하세요.", "call {}"),
    "emergency": ("{}에 신고하세요.", "dial {}"),
    "toll-free": ("Our hotline is {}.",),
    "digits": ("{}", "id={}"),
    "placeholder": ("메일은 {}입니다.", "Write to {}.", "전화 {}로"),
    "part": ("부품 {}을 주문합니다.", "part {}"),
    "float": ("loss {}", "값은 {}이다"),
    "resolution": ("{} 해상도", "a {} screen"),
    "plate": ("차량은 {}입니다.",),
    "picture": ("see {}", "그림 {}"),
    "repository": ("git clone {}", "저장소는 {}입니다."),
    "image": ("pull {}",),
    "path": ("in {}", "파일 {}에서"),
    "cpp": ("use {} here", "{}를 쓰세요"),
    "count": ("역삼동 {}월 행사", "서울시 강남구 카페 {}곳", "대로 {}번 지나", "강남구 인구는 {}만 명", "이번 길로 {}분", "매주 바로 {}개"),
    "ratio": ("mix {}", "비율은 {}"),
    "sample key": ("set {} here", "예: {}"),
    "variable": ("password = {}", "비밀번호: {}"),
}  # fmt: skip
