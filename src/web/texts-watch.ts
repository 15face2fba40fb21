import type { Texts } from './texts-shared.ts';

/** Words for looking on, and for the player of recordings. */
export const watchTexts = {
  watchOf: ['{name} · exam {exam}', '{name} · kỳ thi {exam}'],
  watchOnly: ['Watching only. This is noted.', 'Chỉ xem. Việc xem được ghi lại.'],
  watchLabel: ['The student’s screen, to look at only.', 'Màn hình của thí sinh, chỉ để xem.'],
  watchOpening: ['Opening…', 'Đang mở…'],
  watchLeave: ['Stop watching', 'Thôi xem'],
  watchLost: ['The connection was lost. It comes back by itself.', 'Mất kết nối. Trang sẽ tự kết nối lại.'],
  watchOver: ['This session is over.', 'Phiên thi này đã kết thúc.'],
  watchFull: [
    'Four others watch this desktop already. It opens when one leaves.',
    'Đã có bốn người xem máy này. Trang sẽ mở khi có người rời đi.',
  ],
  watchRefused: [
    'The worker did not let you watch. Log in again; if it stays, the worker may be of an older version.',
    'Máy chủ không cho xem. Hãy đăng nhập lại; nếu vẫn lỗi, có thể máy chủ là bản cũ.',
  ],
  playName: ['Recording of a session', 'Bản ghi phiên thi'],
  playLead: [
    'Choose a file that ./status.sh recording export has written. It is played in this browser and sent nowhere.',
    'Chọn tệp do ./status.sh recording export tạo ra. Tệp chỉ phát trong trình duyệt này, không gửi đi đâu.',
  ],
  playFile: ['Recording (.guac)', 'Bản ghi (.guac)'],
  play: ['Play', 'Phát'],
  pause: ['Pause', 'Dừng'],
  playPosition: ['Position in the recording', 'Vị trí trong bản ghi'],
  playBroken: ['This file is no recording, or it is damaged.', 'Tệp này không phải bản ghi hoặc đã hỏng.'],
} as const satisfies Texts;
