"""The words of the demonstration campaign, in every language we speak."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SLUG = "demo"
HASHTAGS = "#FreeAntiwarPrisoners"

TITLE: Mapping[str, str] = MappingProxyType(
    {
        "en": "Day of action for anti-war political prisoners",
        "ru": "День действий за антивоенных политзаключённых",
    }
)

CALL: Mapping[str, str] = MappingProxyType(
    {
        "en": """\
On 16 September people meet outside Russian embassies and consulates all over the world, in solidarity with **Boris Kagarlitsky** and everyone else who is in prison in Russia for having spoken against the war.

Thousands have been prosecuted for a post, a poster or a conversation. More than two thousand were jailed. A protest at the consulate's door tells them, and those who hold them, that they are not forgotten.

Find the protest nearest to you and say that you are coming. **If there is none, register the first.** Five people with a banner are a protest.
""",
        "ru": """\
16 сентября люди во всём мире выйдут к российским посольствам и консульствам — в знак солидарности с **Борисом Кагарлицким** и всеми, кто сидит в России за слова против войны.

Тысячи людей преследуют за пост, плакат или разговор. Больше двух тысяч оказались за решёткой. Акция у дверей консульства говорит им и тем, кто их держит: о них помнят.

Найдите ближайшую акцию и отметьте, что придёте. **Если её нет, зарегистрируйте первую.** Пять человек с плакатом — это уже акция.
""",
    }
)

DEMANDS: Mapping[str, str] = MappingProxyType(
    {
        "en": """\
- Freedom for everyone imprisoned for speaking against the war
- An end to prosecutions for "fakes" and "discrediting"
- Letters, medical care and visits for all prisoners
""",
        "ru": """\
- Свобода всем, кого лишили её за слова против войны
- Конец преследованиям за «фейки» и «дискредитацию»
- Письма, медицинская помощь и свидания для всех заключённых
""",
    }
)

GUIDELINES: Mapping[str, str] = MappingProxyType(
    {
        "en": """\
- Find out whether a protest must be notified where you are, and how long before.
- Stay outside, be peaceful, and keep the pavement free for those who pass.
- Ask before you photograph anyone: some have family in Russia.
- Bring water, a list of the prisoners' names, and somebody who can speak to the police.
""",
        "ru": """\
- Узнайте, нужно ли у вас уведомлять о публичной акции и за сколько дней.
- Оставайтесь снаружи, действуйте мирно и не перекрывайте проход.
- Спрашивайте, прежде чем фотографировать: у многих в России остались близкие.
- Возьмите воду, список имён заключённых и того, кто сможет говорить с полицией.
""",
    }
)

FIRST_NAMES = (
    "Ada", "Ali", "Amina", "Anna", "Beatriz", "Carlos", "Chen", "Dana", "Eero", "Elif", "Emma",
    "Fatima", "Giorgi", "Hana", "Ines", "Ivo", "Jamal", "Jana", "João", "Karin", "Kenji", "Leila",
    "Lena", "Luca", "Maja", "Marek", "Mikko", "Nadia", "Nino", "Noor", "Olena", "Omar", "Pavel",
    "Priya", "Rosa", "Sami", "Sofia", "Tamar", "Tomás", "Vera", "Wanjiru", "Yuki", "Zofia", "Аня",
    "Илья", "Катя", "Лев", "Маша", "Саша", "Оксана",
)  # fmt: skip
"""Given names without any family name: the demonstration has people in it, and none of them exists."""

MESSAGES: tuple[Mapping[str, tuple[str, str]], ...] = (
    {
        "en": (
            "We meet a quarter of an hour earlier",
            """\
Please come **a quarter of an hour before** we begin: we hand out the portraits and go over together.

- Bring water and something warm.
- The marshals wear yellow armbands. Ask them anything.
""",
        ),
        "ru": (
            "Собираемся на четверть часа раньше",
            """\
Пожалуйста, приходите **за четверть часа** до начала: раздадим портреты и перейдём вместе.

- Возьмите воду и что-нибудь тёплое.
- У распорядителей жёлтые повязки. Спрашивайте их о чём угодно.
""",
        ),
    },
    {
        "en": (
            "Who reads the names?",
            """\
We read the names of the prisoners, five minutes each. If you would like to read, answer on your own page
with a note, or tell a marshal when you arrive.
""",
        ),
    },
)
"""What an organiser of the demonstration wrote to those who come."""

INVITATION: Mapping[str, tuple[str, str]] = {
    "en": (
        "Will you stand with us on the 16th?",
        """\
We know each other from another protest. On the 16th we stand outside the consulate again, and every face counts.

Bring somebody who has never been to one.
""",
    ),
    "ru": (
        "Выйдете с нами 16-го?",
        """\
Мы знакомы по другой акции. 16-го мы снова выходим к консульству, и важен каждый человек.

Приведите кого-нибудь, кто ещё ни разу не был.
""",
    ),
}
"""What an organiser of the demonstration wrote to their contacts."""

BROADCAST: Mapping[str, tuple[str, str]] = {
    "en": (
        "Posters, and a number to call",
        """\
Thank you for standing there on the 16th. Two things before the day:

- The **new poster** is on the campaign's page. Please don't use the old one.
- Write down on your arm whom to call when somebody is detained: it is the lawyer of your own city.

Tell us by Friday where you still need hands.
""",
    ),
    "ru": (
        "Плакаты и телефон на крайний случай",
        """\
Спасибо, что выйдете 16-го. Две вещи до этого дня:

- **Новый плакат** лежит на странице кампании. Пожалуйста, не берите старый.
- Запишите на руке, кому звонить, если кого-то задержат: это адвокат вашего города.

До пятницы напишите нам, где ещё нужны руки.
""",
    ),
}
"""What a coordinator of the demonstration wrote to its organisers."""
