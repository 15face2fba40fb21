import type { Texts } from './texts-shared.ts';

/** What the server refused, and why, by its own codes: docs/openapi.yaml lists them. */
export const refusalsTexts = {
  wrong_login: ['The user name or the password is wrong.', 'Sai tên đăng nhập hoặc mật khẩu.'],
  wrong_password: ['The current password is wrong.', 'Mật khẩu hiện tại chưa đúng.'],
  too_many_attempts: [
    'Too many tries. Wait {seconds} s and try again.',
    'Thử quá nhiều lần. Hãy đợi {seconds} giây rồi thử lại.',
  ],
  wrong_access_code: [
    'This access code is not right. Ask your proctor for it.',
    'Mã vào thi chưa đúng. Hãy hỏi lại giám thị.',
  ],
  exam_not_active: ['This exam is closed.', 'Kỳ thi này đang đóng.'],
  exam_not_started: ['This exam has not started yet. It starts {start}.', 'Kỳ thi chưa bắt đầu. Bắt đầu lúc {start}.'],
  exam_over: ['This exam is over. It ended {end}.', 'Kỳ thi đã kết thúc lúc {end}.'],
  not_logged_in: ['Your login has run out. Please log in again.', 'Phiên đăng nhập đã hết hạn. Hãy đăng nhập lại.'],
  not_allowed: ['This account may not do that.', 'Tài khoản này không có quyền làm việc đó.'],
  not_found: ['It does not exist any more.', 'Mục này không còn nữa.'],
  exam_not_found: ['This exam does not exist any more.', 'Kỳ thi này không còn nữa.'],
  offline: ['The server cannot be reached. Check your network.', 'Không kết nối được máy chủ. Hãy kiểm tra mạng.'],
  database_away: [
    'The server’s database does not answer at the moment. Try again in a few seconds.',
    'Cơ sở dữ liệu tạm thời không trả lời. Hãy thử lại sau vài giây.',
  ],
  internal: ['Something went wrong on the server. Try again.', 'Máy chủ gặp lỗi. Hãy thử lại.'],
  no_free_desktop: ['No desktop is free at this moment.', 'Hiện chưa có máy trống.'],
  worker_not_answering: [
    'The worker does not answer. Try again when it does.',
    'Máy chủ thi không trả lời. Hãy thử lại khi máy chủ trả lời.',
  ],
  rows_refused: [
    'Nothing was imported: some rows are wrong. Mend them and send the file again.',
    'Chưa nhập gì: có dòng sai. Hãy sửa rồi gửi lại tệp.',
  ],
  username_taken: ['This user name is taken.', 'Tên đăng nhập này đã có người dùng.'],
  last_admin: [
    'This is the last administrator: make another one first.',
    'Đây là quản trị viên cuối cùng: hãy tạo người khác trước.',
  ],
  user_in_use: [
    'This user sits in an exam: release the session first.',
    'Người này đang thi: hãy trả máy của phiên đó trước.',
  ],
  no_free_worker: [
    'No worker can take desktops now: none is healthy, enabled, ready and has a free slot.',
    'Không máy chủ nào nhận được máy lúc này: cần máy chủ hoạt động tốt, đang bật, sẵn sàng và còn chỗ.',
  ],
  exam_in_use: [
    'Students sit in this exam. Let them hand in first, or make it inactive.',
    'Đang có thí sinh trong kỳ thi. Hãy để họ nộp bài trước, hoặc đóng kỳ thi.',
  ],
  worker_has_sessions: ['Sessions run on this worker.', 'Có phiên đang chạy trên máy chủ này.'],
  too_large: ['This is too large: {message}', 'Dung lượng quá lớn: {message}'],
  not_csv: ['This is no CSV file.', 'Đây không phải tệp CSV.'],
  invalid_request: ['The server could not read that: {message}', 'Máy chủ không đọc được yêu cầu: {message}'],
  unreadable_file: ['This file cannot be read. {message}', 'Không đọc được tệp này. {message}'],
  unreadable_file_empty: [
    'The file is empty. Its first line must name the columns: username,password,name,role',
    'Tệp trống. Dòng đầu phải là tên cột: username,password,name,role',
  ],
  unreadable_file_column_twice: [
    'The first line names the column {column} twice.',
    'Dòng đầu có cột {column} hai lần.',
  ],
  unreadable_file_column_missing: [
    'The first line names no column “{column}”. It must be: username,password,name,role',
    'Dòng đầu thiếu cột “{column}”. Phải là: username,password,name,role',
  ],
  unreadable_file_too_many_rows: [
    'The file has more than {most} rows. Split it and import the parts.',
    'Tệp có hơn {most} dòng. Hãy chia nhỏ rồi nhập từng phần.',
  ],
  unreadable_file_quote_open: [
    'Somewhere before line {line} a quote (") is opened and never closed, or a row is far too long. Nothing was read.',
    'Trước dòng {line} có dấu ngoặc kép (") mở mà không đóng, hoặc có dòng quá dài. Chưa đọc được gì.',
  ],
  unreadable_file_not_utf8: [
    'The file is not UTF-8. In Excel: Save as, “CSV UTF-8 (Comma delimited)”.',
    'Tệp không phải UTF-8. Trong Excel: Lưu thành “CSV UTF-8 (Comma delimited)”.',
  ],

  // what is wrong with a field or a row
  bad_username_invalid: [
    'A user name has 1 to 64 letters, digits or . _ - @ +, without spaces.',
    'Tên đăng nhập gồm 1 đến 64 chữ, số hoặc . _ - @ +, không có dấu cách.',
  ],
  bad_password_missing: ['The password is missing: a new user needs one.', 'Thiếu mật khẩu: người dùng mới phải có.'],
  bad_password_too_short: ['A password has at least 8 characters.', 'Mật khẩu phải có ít nhất 8 ký tự.'],
  bad_password_too_long: ['A password has at most 200 characters.', 'Mật khẩu có nhiều nhất 200 ký tự.'],
  bad_password_odd: [
    'A password holds no tabs, line ends or other control characters.',
    'Mật khẩu không được có tab, xuống dòng hay ký tự điều khiển.',
  ],
  bad_passwords_differ: ['The new password is not the same both times.', 'Hai lần nhập mật khẩu mới không giống nhau.'],
  bad_name_too_long: ['A name has at most 200 characters.', 'Họ tên có nhiều nhất 200 ký tự.'],
  bad_role_unknown: ['The role is STUDENT or PROCTOR.', 'Vai trò là STUDENT hoặc PROCTOR.'],
  bad_too_many_cells: [
    'The row has {cells} cells where the first line names {columns}: put what holds a comma into "quotes".',
    'Dòng có {cells} ô, dòng đầu chỉ có {columns} cột: ô có dấu phẩy phải đặt trong "ngoặc kép".',
  ],
  bad_username_twice: ['This user is on line {line} already.', 'Người dùng này đã có ở dòng {line}.'],
  bad_quote_in_cell: [
    'A quote (") stands inside a cell: write it twice and quote the cell.',
    'Có dấu ngoặc kép (") giữa ô: hãy viết hai lần và đặt cả ô trong ngoặc kép.',
  ],
  bad_is_administrator: [
    'This user is an administrator: change that user by hand.',
    'Đây là quản trị viên: hãy sửa trực tiếp.',
  ],
  bad_end_before_start: ['The end must be after the start.', 'Giờ kết thúc phải sau giờ bắt đầu.'],
  invalid_body: ['Please check: {message}', 'Hãy kiểm tra lại: {message}'],
} as const satisfies Texts;
