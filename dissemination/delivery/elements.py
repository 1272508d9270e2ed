"""The elements of MJML that mrml 6 renders: where each may stand and which attributes it has.

A table to look things up in: the shared families of attributes, then `ELEMENTS`, element by element.
"""

PADDING = "padding padding-top padding-right padding-bottom padding-left"
BORDER = "border border-top border-right border-bottom border-left border-radius"
FONT = (
    "color font-family font-size font-style font-weight letter-spacing line-height text-decoration "
    "text-transform"
)
CONTAINER = "container-background-color"
BACKGROUND = (
    "background-color background-url background-repeat background-size background-position "
    "background-position-x background-position-y"
)
INNER = (
    "inner-background-color inner-padding inner-border inner-border-top inner-border-right "
    "inner-border-bottom inner-border-left inner-border-radius"
)
ICONS = (
    "icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url icon-width "
    "icon-wrapped-alt icon-wrapped-url"
)
SOCIAL = "border-radius icon-height icon-padding icon-size text-padding"
BLOCKS = "mj-column mj-hero"
# element: (allowed parents, own attributes; * is any)
ELEMENTS: dict[str, tuple[str, str]] = {
    "mjml": ("", "lang dir owa"),
    "mj-head": ("mjml", ""),
    "mj-body": ("mjml", "width background-color id"),
    "mj-attributes": ("mj-head", ""),
    "mj-all": ("mj-attributes", "*"),
    "mj-class": ("mj-attributes", "*"),
    "mj-breakpoint": ("mj-head", "width"),
    "mj-font": ("mj-head", "name href"),
    "mj-preview": ("mj-head", ""),
    "mj-style": ("mj-head", "inline"),
    "mj-title": ("mj-head", ""),
    "mj-raw": (
        "mj-head mj-body mj-wrapper mj-section mj-group mj-column mj-hero mj-navbar mj-social "
        "mj-accordion",
        "position",
    ),
    "mj-wrapper": ("mj-body", f"{BACKGROUND} {BORDER} {PADDING} full-width text-align gap"),
    "mj-section": (
        "mj-body mj-wrapper",
        f"{BACKGROUND} {BORDER} {PADDING} direction full-width text-align text-padding",
    ),
    "mj-group": ("mj-section", "background-color direction vertical-align width"),
    "mj-column": (
        "mj-section mj-group",
        f"background-color {BORDER} {PADDING} {INNER} direction vertical-align width",
    ),
    "mj-text": (BLOCKS, f"align height vertical-align {FONT} {PADDING} {CONTAINER}"),
    "mj-button": (
        BLOCKS,
        f"align background-color {BORDER} {FONT} {PADDING} {CONTAINER} height href inner-padding "
        "name rel target text-align title vertical-align width",
    ),
    "mj-image": (
        BLOCKS,
        f"align alt {BORDER} {PADDING} {CONTAINER} fluid-on-mobile height href max-height name rel "
        "sizes src srcset target title usemap width font-size",
    ),
    "mj-divider": (BLOCKS, f"align border-color border-style border-width {PADDING} {CONTAINER} width"),
    "mj-spacer": (
        BLOCKS,
        f"height {PADDING} {CONTAINER} border border-top border-right border-bottom border-left "
        "vertical-align",
    ),
    "mj-table": (
        BLOCKS,
        f"align border cellpadding cellspacing role table-layout width {FONT} {PADDING} {CONTAINER}",
    ),
    "mj-hero": (
        "mj-body mj-wrapper",
        f"{BACKGROUND} {PADDING} {CONTAINER} background-height background-width border-radius "
        "height inner-background-color inner-padding inner-padding-top inner-padding-right "
        "inner-padding-bottom inner-padding-left mode vertical-align width",
    ),
    "mj-navbar": (
        BLOCKS,
        "align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
        "ico-line-height ico-open ico-padding ico-padding-top ico-padding-right ico-padding-bottom "
        f"ico-padding-left ico-text-decoration ico-text-transform {PADDING} {CONTAINER}",
    ),
    "mj-navbar-link": ("mj-navbar", f"href name rel target {FONT} {PADDING}"),
    "mj-social": (
        BLOCKS,
        f"align mode {SOCIAL} inner-padding {FONT} {PADDING} {CONTAINER} table-layout "
        "vertical-align",
    ),
    "mj-social-element": (
        "mj-social",
        "align alt background-color href icon-position name rel sizes src srcset target title "
        f"vertical-align {SOCIAL} {FONT} {PADDING}",
    ),
    "mj-accordion": (BLOCKS, f"border font-family {ICONS} {PADDING} {CONTAINER}"),
    "mj-accordion-element": ("mj-accordion", f"background-color border font-family {ICONS}"),
    "mj-accordion-title": ("mj-accordion-element", f"background-color {FONT} {PADDING}"),
    "mj-accordion-text": ("mj-accordion-element", f"background-color {FONT} {PADDING}"),
    "mj-carousel": (
        BLOCKS,
        "align border-radius icon-width left-icon right-icon tb-border tb-border-radius "
        f"tb-hover-border-color tb-selected-border-color tb-width thumbnails {PADDING} {CONTAINER}",
    ),
    "mj-carousel-image": (
        "mj-carousel",
        "alt href rel src srcset sizes target thumbnails-src title tb-border tb-border-radius",
    ),
}  # fmt: skip
