import type { Texts } from './texts-shared.ts';

/** Words of the student’s page. */
export const studentTexts = {
  yourExams: ['Your exams', 'Kỳ thi của bạn'],
  noExams: ['There is no exam for you at the moment.', 'Hiện chưa có kỳ thi nào.'],
  noExamsLead: [
    'When your school opens one, it appears here by itself.',
    'Khi nhà trường mở kỳ thi, kỳ thi sẽ tự hiện ở đây.',
  ],
  accessCodeHint: ['Your proctor tells it in the room.', 'Giám thị sẽ đọc mã tại phòng thi.'],
  join: ['Start', 'Vào thi'],
  waitingTitle: ['Getting your desktop', 'Đang chuẩn bị máy thi'],
  waitAsking: ['Asking for a desktop…', 'Đang xin một máy thi…'],
  waitOpening: ['Your desktop is ready. Opening it…', 'Máy thi đã sẵn sàng. Đang mở…'],
  waitNoDesktop: [
    'No desktop is free at this moment. You are not forgotten: we keep asking for you.',
    'Hiện chưa có máy trống. Hệ thống vẫn tiếp tục xin máy cho bạn.',
  ],
  waitWorker: [
    'Your desktop does not answer right now. Your work on it is kept, and we keep trying.',
    'Máy thi tạm thời không trả lời. Bài làm của bạn vẫn còn trên máy, hệ thống đang thử lại.',
  ],
  waitTunnel: [
    'Your desktop is there, but the connection to it does not open yet. We keep trying.',
    'Đã có máy thi nhưng chưa mở được kết nối tới máy. Hệ thống đang thử lại.',
  ],
  waitOffline: [
    'There is no connection to the server. We keep trying.',
    'Mất kết nối tới máy chủ. Hệ thống đang thử lại.',
  ],
  waited: ['Waiting for {time} · try {n}', 'Đã đợi {time} · lần thử {n}'],
  backToExams: ['Back to the exams', 'Về danh sách kỳ thi'],
  desktopLabel: [
    'Exam desktop. What you type goes to the desktop. Ctrl + Alt + Shift brings you to the bar above.',
    'Máy thi. Phím bạn gõ được gửi tới máy thi. Ctrl + Alt + Shift để lên thanh phía trên.',
  ],
  timeLeft: ['Time left', 'Thời gian còn lại'],
  timeOver: ['Time is over', 'Hết giờ'],
  recordedNote: ['Your screen is recorded', 'Màn hình của bạn được ghi lại'],
  keyboard: ['Keyboard', 'Bàn phím'],
  handIn: ['Hand in', 'Nộp bài'],
  handInTitle: ['Hand in and end the exam?', 'Nộp bài và kết thúc?'],
  handInLead: [
    'Your desktop is closed and cannot be opened again. Make sure that your answers are saved on the exam page.',
    'Máy thi sẽ đóng và không mở lại được. Hãy chắc chắn câu trả lời đã được lưu trên trang thi.',
  ],
  handInYes: ['Yes, hand in', 'Nộp bài'],
  handInNo: ['Go on working', 'Làm tiếp'],
  handInFailed: ['Handing in did not get through:', 'Chưa nộp được:'],
  handedInTitle: ['You have handed in', 'Bạn đã nộp bài'],
  handedInLead: [
    '{exam} is finished for you. You may close this page.',
    'Bạn đã hoàn thành {exam}. Có thể đóng trang này.',
  ],
  unsteady: ['Network is slow', 'Mạng chậm'],
  lostTitle: ['Connection lost', 'Mất kết nối'],
  lostLead: [
    'Your desktop goes on running and keeps everything. You come back to it by itself.',
    'Máy thi vẫn chạy và giữ nguyên bài làm. Trang sẽ tự kết nối lại.',
  ],
  nextTry: ['Next try in {n} s', 'Thử lại sau {n} giây'],
  tryingNow: ['Trying now…', 'Đang thử…'],
  tryNow: ['Try now', 'Thử ngay'],
  takenTitle: ['Your desktop is open in another window', 'Máy thi đang mở ở cửa sổ khác'],
  takenLead: ['Only one window can show it at a time.', 'Mỗi lúc chỉ một cửa sổ hiển thị được máy thi.'],
  elsewhereLead: [
    'Close it there, then try again here. Not yours? Tell your proctor.',
    'Hãy đóng cửa sổ kia rồi thử lại ở đây. Nếu không phải bạn mở, báo giám thị.',
  ],
  useHere: ['Use it here', 'Dùng ở đây'],
  sessionOverTitle: ['This session is over', 'Phiên thi đã kết thúc'],
  sessionOverLead: [
    'Your desktop has been closed. If you did not hand in, tell your proctor.',
    'Máy thi đã được đóng. Nếu bạn chưa nộp bài, hãy báo giám thị.',
  ],
  refusedTitle: ['The desktop did not let you in', 'Máy thi từ chối kết nối'],
  refusedLead: [
    'Go back and start once more. If it stays, tell your proctor.',
    'Hãy quay lại và vào thi lần nữa. Nếu vẫn lỗi, báo giám thị.',
  ],
  movedNote: [
    'Your earlier desktop is out of reach. This is a new one: files on the old one could not come along.',
    'Máy thi trước không còn liên lạc được. Đây là máy mới, tập tin trên máy cũ không chuyển sang được.',
  ],
  timeOverNote: ['The time is over. Hand in now.', 'Đã hết giờ. Hãy nộp bài ngay.'],
  listOld: [
    'The server cannot be reached. This list may be old; the page keeps trying.',
    'Không kết nối được máy chủ. Danh sách này có thể đã cũ; trang đang thử lại.',
  ],
} as const satisfies Texts;
