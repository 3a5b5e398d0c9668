"""Names of countries: ISO 3166 alpha-2 codes, and names besides the data file's."""

# Source: ISO 3166-1. Alpha-3 and alpha-2 run together, to keep the table short.
_ALPHA_3_AND_2 = """
ABWAW AFGAF AGOAO ALBAL AREAE ARGAR ARMAM ASMAS ATGAG AUSAU AUTAT AZEAZ BDIBI BELBE
BENBJ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN
BTNBT BWABW CAFCF CANCA CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM
CPVCV CRICR CUBCU CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG
ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO GABGA GBRGB GEOGE GHAGH
GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK
HNDHN HRVHR HTIHT HUNHU IDNID INDIN IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JORJO
JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC
LKALK LSOLS LTULT LUXLU LVALV MACMO MARMA MDAMD MDGMG MDVMV MEXMX MKDMK MLIML MLTMT
MMRMM MNEME MNGMN MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY NAMNA NCLNC NERNE NGANG
NICNI NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PERPE PHLPH PNGPG POLPL PRIPR
PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG
SHNSH SLBSB SLESL SLVSV SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ
SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKMTM TLSTL TONTO TTOTT TUNTN TURTR TWNTW
TZATZ UGAUG UKRUA URYUY USAUS UZBUZ VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WSMWS YEMYE
ZAFZA ZMBZM ZWEZW
"""

# Names in wide use that are not the data file's own.
OTHER_NAMES = {
    "america": "USA",
    "bosnia": "BIH",
    "britain": "GBR",
    "burma": "MMR",
    "cabo verde": "CPV",
    "czech republic": "CZE",
    "democratic republic of the congo": "COD",
    "england": "GBR",
    "great britain": "GBR",
    "holland": "NLD",
    "ivory coast": "CIV",
    "korea": "KOR",
    "macau": "MAC",
    "republic of korea": "KOR",
    "republic of the congo": "COG",
    "russian federation": "RUS",
    "scotland": "GBR",
    "swaziland": "SWZ",
    "the netherlands": "NLD",
    "timor-leste": "TLS",
    "turkiye": "TUR",
    "u.k.": "GBR",
    "u.s.": "USA",
    "u.s.a.": "USA",
    "uae": "ARE",
    "uk": "GBR",
    "united states of america": "USA",
    "viet nam": "VNM",
    "wales": "GBR",
}

# What these grids use, they generate.
# Source: islands by geography; Israel, South Korea by their grid operators.
_ISOLATED = """
ABW ASM ATG AUS BHS BMU BRB COK COM CPV CUB CYM CYP DMA DOM FJI FLK FRO GLP GRD
GRL GUM HTI IDN ISL ISR JAM JPN KIR KNA KOR LCA LKA MDG MDV MSR MTQ MUS NCL NRU
NZL PHL PNG PRI PYF REU SHN SLB SPM STP SYC TCA TLS TON TTO TWN US-AK US-HI VCT
VGB VIR VUT WSM
"""


def alpha_3_of() -> dict[str, str]:
    """Return alpha-3 codes by alpha-2 code, both in capitals."""
    return {code[3:]: code[:3] for code in _ALPHA_3_AND_2.split()}


def isolated() -> frozenset[str]:
    """Return the codes of grids without lines to a neighbour worth mentioning."""
    return frozenset(_ISOLATED.split())
