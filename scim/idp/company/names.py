"""The names of companies, people, departments, offices and projects."""

import unicodedata

# Given and family names that go together.
CULTURES: tuple[tuple[str, str], ...] = (
    (
        "Ada Charlotte Edith Freya George Harriet Imogen Jack Nora Oliver Rowan Tess",
        "Ashworth Barlow Carter Ellison Fletcher Hartley Kendall Marlowe Pemberton Thorne Wells",
    ),
    (
        "Aylin Björn Ferdinand Greta Jürgen Lena Matthias Mia Sebastian Sönke Ulrike Wiebke",
        "Bauer Brückner Großmann Hoffmann Krüger Lindemann Möller Richter Schäfer Vogt Weiß",
    ),
    (
        "Adélaïde Bastien Camille Chloé Élodie François Gaëlle Hugo Inès Léo Mathilde Rémi",
        "Beaumont Chevalier Dubois Fournier Gauthier Lefèvre Marchand Moreau Noël Perrin Roussel",
    ),
    (
        "Alejandro Begoña Carmen Diego Inés Íñigo Joaquín Lucía Marisol Nicolás Paloma Valentina",
        "Álvarez Castillo Domínguez Fuentes Herrera Ibáñez Lozano Muñoz Núñez Peña Vargas",
    ),
    (
        "Agnieszka Bartosz Ewa Grażyna Jacek Kasia Łukasz Małgorzata Paweł Sławomir Wojciech Zofia",
        "Dąbrowski Jabłoński Kaczmarek Kowalczyk Mazur Nowak Pawlak Sikora Wilk Wróbel Zając",
    ),
    (
        "Astrid Eirik Freja Henrik Ingrid Jørgen Kirsten Lærke Magnus Øyvind Sigrid Søren",
        "Ødegård Bjørnstad Dahl Halvorsen Haugen Iversen Lindqvist Nygård Rasmussen Solberg Åberg",
    ),
    (
        "Aarav Ananya Devika Ishaan Kavya Meera Nikhil Priya Rohan Sanjay Tara Vikram",
        "Banerjee Chaudhary Desai Iyer Kapoor Mehta Nair Patel Rao Sharma Subramanian",
    ),
    (
        "Aiko Daichi Emi Haruto Kaori Kenji Mei Naoki Ren Sakura Takumi Yūko",
        "Endō Fujimoto Hayashi Inoue Itō Kobayashi Matsuda Ōno Satō Tanaka Yamamoto",
    ),
    (
        "Adaeze Amara Chidi Emeka Folake Ifeoma Kelechi Ngozi Obinna Segun Tunde Yetunde",
        "Abiola Adeyemi Balogun Chukwu Eze Igwe Nwosu Obi Okafor Oyelaran Uzoma",
    ),
    (
        "Amina Farah Hassan Ibrahim Karim Layla Mariam Nadia Omar Samir Yasmin Zayd",
        "Abbas Darwish Fahmy Haddad Khalil Mansour Najjar Qasim Rahman Saleh Sabbagh",
    ),
    (
        "Bảo Chi Dũng Hà Hương Khánh Lan Linh Minh Ngọc Quang Thảo",
        "Bùi Đặng Đỗ Hồ Hoàng Lê Lý Ngô Nguyễn Phạm Trần",
    ),
    (
        "Afonso Beatriz Caetano Davi Gonçalo Helena João Joana Larissa Rui Tomás Vitória",
        "Araújo Barbosa Carvalho Conceição Figueiredo Gomes Guimarães Lourenço Magalhães Vaz",
    ),
)

# The departments, with their share of a hundred people. The first one leads the others.
MANAGEMENT = "Management"
DEPARTMENTS: dict[str, int] = {
    "Engineering": 32,
    "Sales": 18,
    "Support": 14,
    "Marketing": 10,
    "Operations": 9,
    "Finance": 7,
    "People": 6,
    "Legal": 4,
}
TITLES: dict[str, str] = {
    MANAGEMENT: "Assistant",
    "Engineering": "Engineer",
    "Sales": "Account Manager",
    "Support": "Support Specialist",
    "Marketing": "Campaign Manager",
    "Operations": "Operations Analyst",
    "Finance": "Accountant",
    "People": "Recruiter",
    "Legal": "Counsel",
}
OFFICES = ("Lisbon", "Nairobi", "Osaka", "Gdańsk", "Montréal")
PROJECTS = (
    "Aurora",
    "Basalt",
    "Cobalt",
    "Drift",
    "Ember",
    "Fjord",
    "Glacier",
    "Horizon",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lagoon",
    "Meridian",
    "Nimbus",
    "Onyx",
    "Prairie",
    "Quartz",
    "Rapids",
    "Sierra",
    "Tundra",
)

COMPANY_STARTS = (
    "Alder",
    "Amber",
    "Birch",
    "Bright",
    "Cedar",
    "Clear",
    "Copper",
    "Elm",
    "Falcon",
    "Granite",
    "Hazel",
    "Iron",
    "Linden",
    "Maple",
    "North",
    "Oak",
    "River",
    "Silver",
    "Stone",
    "Willow",
)
COMPANY_ENDS = (
    "bridge",
    "brook",
    "crest",
    "dale",
    "field",
    "ford",
    "gate",
    "grove",
    "hill",
    "lake",
    "land",
    "mark",
    "mill",
    "moor",
    "point",
    "port",
    "ridge",
    "stead",
    "wick",
    "wood",
)

# Letters that Unicode does not decompose into a letter and an accent.
PLAIN = str.maketrans({"ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ß": "ss"})


def company_name(seed: int) -> str:
    """Return a name that no other seed has."""
    start, rest = seed % 20, seed // 20
    end = (rest + 7 * start) % 20
    number = f" {seed // 400 + 1}" if seed >= 400 else ""
    return f"{COMPANY_STARTS[start]}{COMPANY_ENDS[end]}{number}"


def ascii_name(name: str) -> str:
    """Return a name as it is in an email address."""
    decomposed = unicodedata.normalize("NFD", name.lower().translate(PLAIN))
    return "".join(letter for letter in decomposed if "a" <= letter <= "z")
