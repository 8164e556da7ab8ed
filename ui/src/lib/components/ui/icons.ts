// The shapes of the small signs, on a grid of 16 by 16, drawn as lines.
export const SHAPES = {
  check: 'M3.5 8.4 6.6 11.5 12.5 4.8',
  info: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8Z M8 7.5v3.6 M8 5v.1',
  warning: 'M8 2.2 14.4 13.4H1.6Z M8 6.4v3.3 M8 11.6v.1',
  stop: 'M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4L1.8 10.6V5.4Z M8 4.8v3.8 M8 11v.1',
  dots: 'M3.6 8v.1 M8 8v.1 M12.4 8v.1',
  clock: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8Z M8 4.8V8l2.2 1.6',
  offline: 'M2 2l12 12 M4.2 9.4a5.4 5.4 0 0 1 2.6-1.5 M10.6 8.6a5.4 5.4 0 0 1 1.2.9 M1.8 6.6a9 9 0 0 1 2.4-1.6 M7.2 4.1a9 9 0 0 1 7 2.5 M8 12.4v.1',
  lock: 'M3.6 7.2h8.8v6.2H3.6Z M5.4 7V5a2.6 2.6 0 0 1 5.2 0v2',
  key: 'M5.2 5.6a2.9 2.9 0 1 1 0 5.8 2.9 2.9 0 0 1 0-5.8Z M8.1 8.5h6.1v2.4 M11.6 8.5v1.9',
  memory: 'M4 4h8v8H4Z M6 1.8V4 M10 1.8V4 M6 12v2.2 M10 12v2.2 M1.8 6H4 M1.8 10H4 M12 6h2.2 M12 10h2.2',
  sealed: 'M3 3.4h10v9.2H3Z M3.2 3.8 8 8.4l4.8-4.6',
  close: 'M4 4l8 8 M12 4l-8 8',
  external: 'M6.4 3.4H3.2v9.4h9.4V9.6 M9.2 2.8h4v4 M13 3 7.6 8.4',
  copy: 'M5.6 5.6h7.6v7.6H5.6Z M10.4 5.4V2.8H2.8v7.6h2.6',
  refresh: 'M13.4 8a5.4 5.4 0 1 1-1.7-3.9 M13.6 2.2v3h-3',
  chevron: 'M6 3.8 10.2 8 6 12.2',
};

/** The name of a sign. */
export type IconName = keyof typeof SHAPES;
