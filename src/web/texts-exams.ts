import type { Texts } from './texts-shared.ts';

/** Words of the console: exams and their warm desktops. */
export const examsTexts = {
  newExam: ['New exam', 'Kỳ thi mới'],
  editExam: ['Edit exam', 'Sửa kỳ thi'],
  edit: ['Edit', 'Sửa'],
  remove: ['Delete', 'Xóa'],
  editNamed: ['Edit {name}', 'Sửa {name}'],
  removeNamed: ['Delete {name}', 'Xóa {name}'],
  removeTitle: ['Delete {name}?', 'Xóa {name}?'],
  removeLead: ['This cannot be undone.', 'Không thể hoàn tác.'],
  examName: ['Name', 'Tên'],
  description: ['Description', 'Mô tả'],
  startTime: ['Starts', 'Bắt đầu'],
  endTime: ['Ends', 'Kết thúc'],
  isActive: ['Students can see and start it', 'Thí sinh thấy và vào được'],
  noExamsAdmin: ['There is no exam yet.', 'Chưa có kỳ thi nào.'],
  studentsIn: ['Students in it now: {n}', 'Thí sinh đang thi: {n}'],
  prewarm: ['Prewarm', 'Prewarm · làm nóng'],
  prewarmCount: ['Desktops to warm for {name}', 'Số máy làm nóng cho {name}'],
  prewarmRunning: ['Asking the workers…', 'Đang gửi tới các máy chủ…'],
  pwRequested: ['Requested', 'Yêu cầu'],
  pwCreated: ['Created', 'Đã tạo'],
  pwFailed: ['Failed', 'Lỗi'],
  pwAvailable: ['Ready now', 'Sẵn sàng'],
  pwWorkerFailed: ['Worker {worker} did not take its share: {why}', 'Máy chủ {worker} không nhận phần của mình: {why}'],
  prewarmFilling: ['Filling: {warm} of {goal} are warm.', 'Đang làm: {warm}/{goal} máy đã sẵn sàng.'],
  prewarmDone: ['All {goal} are warm.', 'Đủ {goal} máy sẵn sàng.'],
  prewarmEnded: [
    'No more are kept warm for this exam. Those in use go on.',
    'Không giữ máy sẵn cho kỳ thi này nữa. Máy đang dùng vẫn tiếp tục.',
  ],
  prewarmNone: [
    'None could be placed: no worker has a free slot.',
    'Không đặt được máy nào: không máy chủ nào còn chỗ.',
  ],
  accessCodeShort: ['Code', 'Mã'],
} as const satisfies Texts;
