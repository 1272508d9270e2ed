"""The mails that most workshops want, offered with one click: editable like any other."""

from dissemination.followups.models import Anchor, State
from dissemination.followups.timing import DAY

READY = (
    {
        "anchor": Anchor.START, "minutes": -2 * DAY, "states": [State.CONFIRMED],
        "subject_it": "Informazioni pratiche: {{ titolo }}",
        "subject_en": "Practical information: {{ title }}",
        "body_it": (
            "Buongiorno {{ nome }},\n\n"
            "ci vediamo presto a «{{ titolo }}».\n\n"
            "Quando: {{ quando }}\n"
            "Dove: {{ luogo }}\n"
            "Per partecipare online: {{ link_online }}\n\n"
            "Se non puoi venire, cedi il posto: qualcuno lo sta aspettando. "
            "Basta un clic: {{ link_personale }}.\n\n"
            "A presto"
        ),
        "body_en": (
            "Dear {{ first_name }},\n\n"
            "we look forward to seeing you at “{{ title }}”.\n\n"
            "When: {{ when }}\n"
            "Where: {{ place }}\n"
            "To take part online: {{ join_link }}\n\n"
            "If you cannot come, please give your seat back: somebody may be waiting for it. "
            "It takes one click: {{ personal_link }}.\n\n"
            "See you soon"
        ),
    },
    {
        "anchor": Anchor.END, "minutes": 120, "states": [State.ATTENDED],
        "subject_it": "Grazie per aver partecipato: {{ titolo }}",
        "subject_en": "Thank you for coming: {{ title }}",
        "body_it": (
            "Buongiorno {{ nome }},\n\n"
            "grazie per aver partecipato a «{{ titolo }}».\n\n"
            "I materiali: {{ materiali }}\n\n"
            "L'attestato di partecipazione: {{ link_attestato }}\n\n"
            "A presto"
        ),
        "body_en": (
            "Dear {{ first_name }},\n\n"
            "thank you for coming to “{{ title }}”.\n\n"
            "The materials: {{ materials }}\n\n"
            "Your certificate of attendance: {{ certificate_link }}\n\n"
            "See you soon"
        ),
    },
    {
        "anchor": Anchor.END, "minutes": DAY, "states": [State.ABSENT],
        "subject_it": "È stato un peccato non vederti: {{ titolo }}",
        "subject_en": "We missed you: {{ title }}",
        "body_it": (
            "Buongiorno {{ nome }},\n\n"
            "è stato un peccato non vederti a «{{ titolo }}».\n\n"
            "Se qualcosa ti ha impedito di venire, scrivici rispondendo a questo messaggio: ne terremo "
            "conto per le prossime date.\n\n"
            "A presto"
        ),
        "body_en": (
            "Dear {{ first_name }},\n\n"
            "we are sorry that you could not come to “{{ title }}”.\n\n"
            "If something kept you from it, tell us by answering this message: we will keep it in mind for "
            "the next dates.\n\n"
            "See you soon"
        ),
    },
    {
        "anchor": Anchor.END, "minutes": DAY, "states": [State.ATTENDED],
        "subject_it": "Il tuo parere: {{ titolo }}",
        "subject_en": "Your opinion: {{ title }}",
        "body_it": (
            "Buongiorno {{ nome }},\n\n"
            "com'è andata? Ti chiediamo due minuti per dirci che cosa hai trovato utile di «{{ titolo }}»: "
            "{{ link_questionario }}.\n\n"
            "Le tue risposte ci aiutano a preparare i prossimi incontri.\n\n"
            "Grazie"
        ),
        "body_en": (
            "Dear {{ first_name }},\n\n"
            "how was it? Please take two minutes to tell us what you found useful in “{{ title }}”: "
            "{{ feedback_link }}.\n\n"
            "Your answers help us prepare the next meetings.\n\n"
            "Thank you"
        ),
    },
)  # fmt: skip
