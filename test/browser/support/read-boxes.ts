/** Where an element with words of its own, or a control, is on the page. In pixels. */
export interface Box {
  readonly name: string
  /** In the order of the document; what is inside of it comes before `end`. */
  readonly index: number
  readonly end: number
  /** Index of the dialog, menu or bar that it is in, -1 on the page itself. */
  readonly layer: number
  /** One for each line. */
  readonly places: readonly Pick<DOMRect, 'left' | 'top' | 'right' | 'bottom'>[]
  /** How much of it its own edge hides. */
  readonly hidden: { readonly across: number; readonly down: number }
}

/** Everything that can be seen on the page. Runs in the page, so it stands alone. */
export function readBoxes(): readonly Box[] {
  const controls = 'button, a, input, select, textarea, summary, [role=treeitem]'
  // Out of sight on purpose.
  const aside = '.skip-link, .skip-link *, [class*="VisuallyHidden"], [class*="VisuallyHidden"] *'
  const all = [...document.body.querySelectorAll('*')]
  const layers = all.filter(
    (element) =>
      ['fixed', 'sticky'].includes(getComputedStyle(element).position) ||
      element.matches('[role=dialog], [role=menu]'),
  )
  const layerOf = (element: Element): number =>
    all.indexOf(layers.findLast((layer) => layer.contains(element)) ?? document.body)
  const placesOf = (element: Element): DOMRect[] => {
    const words = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
    const ranges = words.map((node) => {
      const range = document.createRange()
      range.selectNodeContents(node)
      return range
    })
    const found = [...ranges, ...(element.matches(controls) ? [element] : [])]
    return found.flatMap((one) => [...one.getClientRects()])
  }
  const beyond = (overflow: string, has: number, needs: number): number =>
    overflow === 'hidden' || overflow === 'clip' ? needs - has : 0
  return all.flatMap((element, index) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return []
    if (element.matches(aside)) return []
    const { overflowX, overflowY } = getComputedStyle(element)
    const shown = placesOf(element).filter(({ width, height }) => width > 1 && height > 1)
    return {
      name: `<${element.localName} class="${element.getAttribute('class') ?? ''}"> ${element.textContent?.trim().slice(0, 40)}`,
      index,
      end: index + 1 + element.querySelectorAll('*').length,
      layer: layerOf(element),
      places: shown.map(({ left, top, right, bottom }) => ({ left, top, right, bottom })),
      hidden: {
        across: beyond(overflowX, element.clientWidth, element.scrollWidth),
        down: beyond(overflowY, element.clientHeight, element.scrollHeight),
      },
    }
  })
}
