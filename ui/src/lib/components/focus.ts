// Keeps the keyboard where it was: when the button that was pressed goes away, the card takes the focus, so
// that Tab goes on from there and not from the top of the window.

/** For a card with an element marked `data-card-heading`. */
export function keepFocus(card: HTMLElement): () => void {
  let inside = false;
  const note = () => (inside = card.contains(document.activeElement));
  const leave = (event: FocusEvent) => {
    // A removed element gives the focus to nobody; a person who moves on gives it to somebody.
    if (event.relatedTarget !== null) note();
  };
  const observer = new MutationObserver(() => {
    if (!inside || document.activeElement !== document.body) return;
    card.querySelector<HTMLElement>('[data-card-heading]')?.focus({ preventScroll: true });
  });
  card.addEventListener('focusin', note);
  card.addEventListener('focusout', leave);
  // A click on empty ground takes the focus away on purpose.
  const away = (event: PointerEvent) => {
    if (event.target instanceof Node && !card.contains(event.target)) inside = false;
  };
  document.addEventListener('pointerdown', away);
  observer.observe(card, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    card.removeEventListener('focusin', note);
    card.removeEventListener('focusout', leave);
    document.removeEventListener('pointerdown', away);
  };
}
