import { createTheme, type MantineThemeOverride } from '@mantine/core'

/** The look of the page. Its colours are static, in styles/theme.css: the policy of the page allows no inline style sheet. */
export const theme: MantineThemeOverride = createTheme({
  primaryColor: 'indigo',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Locking the scroll would put a style element into the page.
    Modal: {
      defaultProps: {
        lockScroll: false,
        centered: true,
        radius: 'md',
        // The page has one banner, which is not the head of a dialog.
        attributes: { header: { role: 'none' } },
      },
    },
  },
})
